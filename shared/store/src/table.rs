//! The table itself: on-demand capacity, `PK` and `SK`, TTL on `ttl`, no index.

use aws_sdk_dynamodb::{
    operation::create_table::CreateTableError,
    types::{
        AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType,
        TimeToLiveSpecification,
    },
};

use super::{
    Store,
    error::StoreError,
    keys::{PK, SK, TTL},
};

impl Store {
    /// Creates the table unless it exists: for the local server and for tests. The template creates it on AWS.
    pub async fn create_table(&self) -> Result<(), StoreError> {
        let refused = |e: aws_sdk_dynamodb::error::BuildError| StoreError::Refused(e.to_string());
        let mut create = self
            .client
            .create_table()
            .table_name(&self.table)
            .billing_mode(BillingMode::PayPerRequest);
        for (name, kind) in [(PK, KeyType::Hash), (SK, KeyType::Range)] {
            let definition = AttributeDefinition::builder()
                .attribute_name(name)
                .attribute_type(ScalarAttributeType::S)
                .build()
                .map_err(refused)?;
            let element = KeySchemaElement::builder()
                .attribute_name(name)
                .key_type(kind)
                .build();
            create = create
                .attribute_definitions(definition)
                .key_schema(element.map_err(refused)?);
        }
        match create.send().await {
            Ok(_) => {}
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(CreateTableError::is_resource_in_use_exception) =>
            {
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        }
        let ttl = TimeToLiveSpecification::builder()
            .attribute_name(TTL)
            .enabled(true)
            .build();
        self.client
            .update_time_to_live()
            .table_name(&self.table)
            .time_to_live_specification(ttl.map_err(refused)?)
            .send()
            .await?;
        Ok(())
    }
}
