"""How a resource type that moto's CloudFormation lacks is added to it."""

from moto.core.common_models import CloudFormationModel

# Moto assigns models to services by the second word of their module.
MODULE = "moto.ratchet.models"


class Created(CloudFormationModel):
    """A resource: its value for `Ref`, and its attributes for `Fn::GetAtt`."""

    __module__ = MODULE

    def __init__(self, physical_resource_id="", **attributes):
        self.physical_resource_id = physical_resource_id
        self.attributes = attributes

    def get_cfn_attribute(self, name):
        return self.attributes[name]

    @staticmethod
    def cloudformation_name_type():
        return ""

    @staticmethod
    def cloudformation_type():
        return "Ratchet::Created"

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    @classmethod
    def create_from_cloudformation_json(cls, *args, **kwargs):
        raise NotImplementedError

    update_from_cloudformation_json = create_from_cloudformation_json

    @classmethod
    def delete_from_cloudformation_json(cls, *args, **kwargs):
        """Forgets the resource: most of them are in no backend."""

    def is_created(self):
        return True


def creates(resource_type):
    """Registers a function (properties, name, account, region) as the creator of a type of resource.

    Moto looks at the direct subclasses of `CloudFormationModel`, and the last one of a type wins.
    """

    def register(create):
        def create_from_cloudformation_json(
            cls, resource_name, cloudformation_json, account_id, region_name, **_
        ):
            return create(
                cloudformation_json.get("Properties", {}), resource_name, account_id, region_name
            )

        def update_from_cloudformation_json(
            cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name
        ):
            update = UPDATES.get(resource_type)
            if update is None:
                raise NotImplementedError(f"an update of {resource_type}")
            properties = cloudformation_json.get("Properties", {})
            return update(original_resource, properties, new_resource_name, account_id, region_name)

        methods = {
            name: Created.__dict__[name]
            for name in (
                "cloudformation_name_type",
                "has_cfn_attr",
                "delete_from_cloudformation_json",
                "is_created",
            )
        }
        type(
            resource_type.replace("::", ""),
            (CloudFormationModel,),
            methods
            | {
                "__module__": MODULE,
                "cloudformation_type": staticmethod(lambda: resource_type),
                "create_from_cloudformation_json": classmethod(create_from_cloudformation_json),
                "update_from_cloudformation_json": classmethod(update_from_cloudformation_json),
            },
        )
        return create

    return register


# By type: a function (resource, properties, name, account, region) that updates a resource and returns it.
UPDATES = {}


def updates(resource_type):
    """Registers the function that updates a type of resource."""

    def register(update):
        UPDATES[resource_type] = update
        return update

    return register
