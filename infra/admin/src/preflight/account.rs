//! Reads the limits of an account. Each reading stands alone: one that is not permitted costs its own line only.

use aws_sdk_dynamodb::{error::ProvideErrorMetadata, types::TableDescription};
use ratchet_core::clients::{Clients, SdkConfig};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    limits::{Limit, NEW_TABLE, Quota},
    request::{Operation, RequestError, Requests, Service},
};

const LAMBDA: Service = Service {
    name: "lambda",
    endpoint: "AWS_ENDPOINT_URL_LAMBDA",
};
const SERVICE_QUOTAS: Service = Service {
    name: "servicequotas",
    endpoint: "AWS_ENDPOINT_URL_SERVICE_QUOTAS",
};
const TAGGING: Service = Service {
    name: "tagging",
    endpoint: "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API",
};
/// The tag by which `CloudFormation` marks what it creates. It stays on what a stack leaves behind.
const STACK_TAG: &str = "aws:cloudformation:stack-name";

/// Something that could not be read.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Unread {
    /// Its name.
    pub(crate) what: String,
    /// The reason.
    pub(crate) reason: String,
    /// The permission that the reading needs.
    pub(crate) permission: &'static str,
}

/// The result of the readings.
#[derive(Debug, Default)]
pub(crate) struct Account {
    /// The values that were read.
    pub(crate) values: Vec<(Limit, f64)>,
    /// Those that were not.
    pub(crate) unread: Vec<Unread>,
    /// The state of the table, in a sentence.
    pub(crate) table: Option<String>,
    /// ARNs of tables and keys that a stack of the name has, or has left behind.
    pub(crate) kept: Vec<String>,
}

/// Reads the limits, the table and what a stack has left behind.
pub(crate) struct Reader<'a> {
    /// Configuration of AWS clients.
    pub(crate) sdk: &'a SdkConfig,
    /// The Region.
    pub(crate) region: &'a str,
    /// The stack's table, if it has one.
    pub(crate) table: Option<&'a str>,
    /// The stack's name, if it is known.
    pub(crate) stack: Option<&'a str>,
}

impl Reader<'_> {
    /// Reads the limits and what else there is. Nothing is changed.
    pub(crate) async fn read(&self, limits: &[Limit]) -> Account {
        let mut account = Account::default();
        self.read_table(&mut account).await;
        let requests = match Requests::new(self.sdk, self.region).await {
            Ok(requests) => requests,
            Err(error) => {
                account.miss(
                    "the account's limits",
                    &error,
                    "no permission, but credentials",
                );
                return account;
            }
        };
        read_concurrency(&requests, &mut account).await;
        for limit in limits {
            let quota = limit.quota().filter(|quota| quota.service != LAMBDA.name);
            let Some(quota) = quota else { continue };
            match read_quota(&requests, quota).await {
                Ok(value) => account.values.push((*limit, value)),
                Err(error) => account.miss(limit.name(), &error, "servicequotas:GetServiceQuota"),
            }
        }
        if let Some(stack) = self.stack {
            match read_kept(&requests, stack).await {
                Ok(kept) => account.kept = kept,
                Err(error) => {
                    account.miss("what the stack has left behind", &error, "tag:GetResources");
                }
            }
        }
        account
    }

    /// The units for which the table is warm. A table that does not exist yet is as warm as a new one.
    async fn read_table(&self, account: &mut Account) {
        let Some(name) = self.table else {
            account.table = Some("no table is named: the figures are a new table's".to_owned());
            account.warm(NEW_TABLE);
            return;
        };
        let dynamodb = Clients::of_operator(self.sdk).dynamodb;
        match dynamodb.describe_table().table_name(name).send().await {
            Ok(answer) => {
                let warm = answer.table.as_ref().and_then(warm_units);
                let source = if warm.is_some() {
                    "as AWS reports it"
                } else {
                    "assumed as of a new table"
                };
                account.table = Some(format!("table {name}: warm throughput {source}"));
                account.warm(warm.unwrap_or(NEW_TABLE));
            }
            Err(error) if error.code() == Some("ResourceNotFoundException") => {
                account.table = Some(format!(
                    "there is no table {name}: the figures are a new table's"
                ));
                account.warm(NEW_TABLE);
            }
            Err(error) => account.unread.push(Unread {
                what: format!("table {name}"),
                reason: ratchet_aws::reason(&error),
                permission: "dynamodb:DescribeTable",
            }),
        }
    }
}

impl Account {
    fn warm(&mut self, [reads, writes]: [f64; 2]) {
        self.values.push((Limit::WarmReads, reads));
        self.values.push((Limit::WarmWrites, writes));
    }

    fn miss(&mut self, what: &str, error: &RequestError, permission: &'static str) {
        self.unread.push(Unread {
            what: what.to_owned(),
            reason: error.to_string(),
            permission,
        });
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "units a second are far below the 53 bits of a float"
)]
fn warm_units(table: &TableDescription) -> Option<[f64; 2]> {
    let warm = table.warm_throughput.as_ref()?;
    Some([
        warm.read_units_per_second? as f64,
        warm.write_units_per_second? as f64,
    ])
}

/// <https://docs.aws.amazon.com/lambda/latest/api/API_GetAccountSettings.html>
async fn read_concurrency(requests: &Requests<'_>, account: &mut Account) {
    let operation = Operation::Get("/2016-08-19/account-settings");
    let answer = requests.send(LAMBDA, operation).await;
    let value = answer.and_then(|answer| {
        let limit = &answer["AccountLimit"];
        number(&limit["UnreservedConcurrentExecutions"])
    });
    match value {
        Ok(value) => {
            account.values.push((Limit::Concurrency, value));
            account.values.push((Limit::ColdConcurrency, value));
        }
        Err(error) => account.miss(
            Limit::Concurrency.name(),
            &error,
            "lambda:GetAccountSettings",
        ),
    }
}

/// The applied value of a quota; AWS's default for an account that has none applied.
/// <https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_GetServiceQuota.html>
async fn read_quota(requests: &Requests<'_>, quota: Quota) -> Result<f64, RequestError> {
    let input = json!({ "ServiceCode": quota.service, "QuotaCode": quota.code });
    let applied = Operation::Json("ServiceQuotasV20190624.GetServiceQuota", &input);
    let mut answer = requests.send(SERVICE_QUOTAS, applied).await;
    if answer
        .as_ref()
        .is_err_and(|error| error.is("NoSuchResourceException"))
    {
        let default = Operation::Json("ServiceQuotasV20190624.GetAWSDefaultServiceQuota", &input);
        answer = requests.send(SERVICE_QUOTAS, default).await;
    }
    number(&answer?["Quota"]["Value"])
}

/// The tables and keys that `CloudFormation` created for a stack of this name.
/// <https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html>
async fn read_kept(requests: &Requests<'_>, stack: &str) -> Result<Vec<String>, RequestError> {
    let input = json!({
        "TagFilters": [{ "Key": STACK_TAG, "Values": [stack] }],
        "ResourceTypeFilters": ["dynamodb:table", "kms:key"],
    });
    let target = "ResourceGroupsTaggingAPI_20170126.GetResources";
    let answer = requests
        .send(TAGGING, Operation::Json(target, &input))
        .await?;
    let resources = answer["ResourceTagMappingList"].as_array();
    let arns = resources.into_iter().flatten();
    let arns = arns.filter_map(|resource| resource["ResourceARN"].as_str());
    Ok(arns.map(str::to_owned).collect())
}

fn number(value: &Value) -> Result<f64, RequestError> {
    let missing = || RequestError::Failed("the answer has no value".to_owned());
    value.as_f64().ok_or_else(missing)
}
