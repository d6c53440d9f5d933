"""Resources of deployments, backups and peaks, for the emulator."""

from emulated import Created, creates, updates
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.backup.models import backup_backends


@creates("AWS::AppConfig::Application")
def application(properties, name, account, region):
    return Created(name)


@creates("AWS::AppConfig::ConfigurationProfile")
def configuration_profile(properties, name, account, region):
    return Created(name)


@creates("AWS::AppConfig::HostedConfigurationVersion")
def hosted_configuration_version(properties, name, account, region):
    return Created(name, VersionNumber="1")


@updates("AWS::AppConfig::HostedConfigurationVersion")
def update_hosted_configuration_version(made, properties, name, account, region):
    """A change of the content replaces the version by the next one."""
    return Created(name, VersionNumber=str(int(made.attributes["VersionNumber"]) + 1))


@creates("AWS::CodeDeploy::Application")
def deployment_application(properties, name, account, region):
    return Created(name)


@creates("AWS::CodeDeploy::DeploymentGroup")
def deployment_group(properties, name, account, region):
    return Created(name)


@creates("AWS::Backup::BackupVault")
def backup_vault(properties, name, account, region):
    backend = backup_backends[account][region]
    vault = properties["BackupVaultName"]
    backend.create_backup_vault(vault, {}, "", "")
    lock = properties["LockConfiguration"]
    backend.put_backup_vault_lock_configuration(
        vault,
        min_retention_days=int(lock["MinRetentionDays"]),
        max_retention_days=None,
        changeable_for_days=int(lock["ChangeableForDays"]) if "ChangeableForDays" in lock else None,
    )
    return Created(vault)


@creates("AWS::Backup::BackupPlan")
def backup_plan(properties, name, account, region):
    plan = properties["BackupPlan"]
    rules = [
        {key.replace("TargetBackupVault", "TargetBackupVaultName"): value for key, value in rule.items()}
        for rule in plan["BackupPlanRule"]
    ]
    made = backup_backends[account][region].create_backup_plan(
        {"BackupPlanName": plan["BackupPlanName"], "Rules": rules}, {}, ""
    )
    return Created(made.backup_plan_id)


@creates("AWS::Backup::BackupSelection")
def backup_selection(properties, name, account, region):
    return Created(name)


@creates("AWS::ApplicationAutoScaling::ScalableTarget")
def scalable_target(properties, name, account, region):
    backend = applicationautoscaling_backends[account][region]
    target = (
        properties["ServiceNamespace"],
        properties["ResourceId"],
        properties["ScalableDimension"],
    )
    capacity = properties["MinCapacity"], properties["MaxCapacity"]
    backend.register_scalable_target(*target, *capacity, role_arn="", suspended_state="")
    for action in properties["ScheduledActions"]:
        backend.put_scheduled_action(
            service_namespace=target[0],
            schedule=action["Schedule"],
            timezone=action["Timezone"],
            scheduled_action_name=action["ScheduledActionName"],
            resource_id=target[1],
            scalable_dimension=target[2],
            start_time=None,
            end_time=None,
            scalable_target_action={
                bound: int(value) for bound, value in action["ScalableTargetAction"].items()
            },
        )
    return Created(name)
