//! Identity providers as clients see them.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::resources::rbac_manager::types::ignored;
use crate::time::Timestamp;

/// How users log in at an identity provider. Texts that are empty count as left out.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct RbacManagerSamlConfiguration {
    /// The name, which is part of the addresses of logins. Never changes.
    #[schema(pattern = "^[a-zA-Z0-9_-]+$")]
    pub(crate) name: String,
    /// Whether users may log in there.
    pub(crate) enabled: bool,
    /// The name this service has at the identity provider.
    pub(crate) sp_entity_id: String,
    /// Where the identity provider sends browsers to with its answer.
    pub(crate) acs_url: String,
    /// The port of that address, where it is not 443; -1 is 443.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) acs_https_port: Option<i64>,
    /// Where the metadata of the identity provider is. Either this or the metadata itself must be given.
    #[serde(
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) idp_metadata_url: Option<String>,
    /// The metadata of the identity provider.
    #[serde(
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) idp_metadata_xml: Option<String>,
    /// The attribute that is the user name. Default: the subject.
    #[serde(
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) idp_username_attribute: Option<String>,
    /// The attribute that names the accounts of a new user. Default: the default account.
    #[serde(
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) idp_account_attribute: Option<String>,
    /// The attribute that names the roles of a new user. Default: the default role.
    #[serde(
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) idp_role_attribute: Option<String>,
    /// The account of new users, where no attribute names one, and of those with several.
    #[serde(
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) default_account: Option<String>,
    /// The role of new users. Not together with an attribute for roles.
    #[serde(
        default,
        deserialize_with = "filled",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) default_role: Option<String>,
    /// Whether the assertion itself must be signed.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) require_signed_assertions: bool,
    /// Whether the response around it must be signed. Where neither must be, one of them must be all the same.
    #[serde(default = "yes")]
    #[schema(default = true)]
    pub(crate) require_signed_response: bool,
    /// When it was made; ignored in requests.
    #[serde(
        default,
        deserialize_with = "ignored",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(read_only)]
    pub(crate) created_at: Option<Timestamp>,
    /// When it was last changed; ignored in requests.
    #[serde(
        default,
        deserialize_with = "ignored",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(read_only)]
    pub(crate) last_updated: Option<Timestamp>,
    /// Whether users must have been made beforehand, which is a setting of the server; ignored in requests.
    #[serde(default, deserialize_with = "ignored")]
    #[schema(read_only)]
    pub(crate) require_existing_users: bool,
}

const fn yes() -> bool {
    true
}

fn filled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.trim().is_empty()))
}

/// What a login gives.
#[derive(Serialize, ToSchema)]
pub(crate) struct RbacManagerTokenResponse {
    /// For the header `Authorization: Bearer …`; at the beginning of a login, the address to go to.
    pub(crate) token: String,
}

/// What an identity provider posts, and the front end relays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SamlForm {
    /// The response, in base64.
    #[serde(rename = "SAMLResponse")]
    pub(crate) saml_response: String,
    /// What came with the request; not looked at.
    #[serde(rename = "RelayState")]
    #[expect(
        dead_code,
        reason = "it is for the front end; named so that the document has it"
    )]
    pub(crate) relay_state: Option<String>,
}
