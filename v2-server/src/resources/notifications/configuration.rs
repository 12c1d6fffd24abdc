//! Configurations of any type: what comes in, what is answered, and how the document shows both.
//!
//! A type is a [`Kind`]: its own settings, its secret, what it checks and what it sends. Everything else is here and in
//! the modules beside, once for all types.

use std::borrow::Cow;

use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{
    AllOfBuilder, KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type,
};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

use super::message::Message;
use super::sending::Outgoing;
use super::types::{EndpointType, NotificationEndpointConfiguration};
use crate::http::{ApiError, ApiResult, Problem, body};
use crate::state::AppState;

/// A type of endpoint.
pub(crate) trait Kind: Send + Sync + 'static {
    /// Which one.
    const ENDPOINT: EndpointType;
    /// Names in the document: of a configuration to add, to change, and as it is answered.
    const NAMES: Names;
    /// The member that is a secret, if there is one.
    const SECRET: Option<Secret>;
    /// What only this type has, without the secret: as clients send it, as it is stored, and as it is answered.
    type Settings: Serialize + DeserializeOwned + ToSchema + Send + Sync + 'static;

    /// Checks what types cannot say, and fills in what depends on other members.
    ///
    /// # Errors
    /// 400 that names the place, what was expected and what came.
    fn check(draft: &mut Draft<Self::Settings>) -> Result<(), Problem>;

    /// Whether there is a login, for which a stored secret is kept.
    fn has_login(_settings: &Self::Settings) -> bool {
        true
    }

    /// What to send, and how, to tell a message.
    ///
    /// # Errors
    /// The settings do not allow it, and why.
    fn outgoing(
        settings: &Self::Settings,
        secret: Option<&str>,
        message: &Message,
    ) -> Result<Outgoing, String>;
}

/// Names in the document.
pub(crate) struct Names {
    pub(crate) post: &'static str,
    pub(crate) put: &'static str,
    pub(crate) answer: &'static str,
}

/// A member that is written, never read.
pub(crate) struct Secret {
    /// Its name.
    pub(crate) field: &'static str,
    /// What it is, for the document.
    pub(crate) description: &'static str,
    /// Whether a configuration needs one.
    pub(crate) is_required: bool,
}

/// A configuration as a client sends it. Not printable: it holds the secret.
#[derive(Clone)]
pub(crate) struct Draft<S> {
    /// A name for people.
    pub(crate) description: Option<String>,
    /// Whether the endpoint must prove who it is; none when the client leaves it to the server.
    pub(crate) verify_tls: Option<bool>,
    /// What only its type has.
    pub(crate) settings: S,
    /// The secret, unless it was left out.
    pub(crate) secret: Option<String>,
}

/// What every configuration that comes in may have.
#[derive(Deserialize, ToSchema)]
struct Common {
    /// A name for people.
    description: Option<String>,
    /// Whether the endpoint must prove who it is, where it speaks TLS. Default: true.
    verify_tls: Option<bool>,
}

/// The secrets there are. Of any type, since messages about wrong types repeat what came.
#[derive(Deserialize)]
struct Secrets {
    password: Option<Value>,
    access_token: Option<Value>,
}

/// A configuration to add, or to test.
pub(crate) struct New<K: Kind>(pub(crate) Draft<K::Settings>);

/// What a configuration should become. Without a secret, it keeps the one it has.
pub(crate) struct Change<K: Kind>(pub(crate) Draft<K::Settings>);

/// A configuration as it is answered: without its secret.
#[derive(Serialize)]
#[serde(bound(serialize = ""))]
pub(crate) struct Answer<K: Kind> {
    #[serde(flatten)]
    pub(crate) common: NotificationEndpointConfiguration,
    #[serde(flatten)]
    pub(crate) settings: K::Settings,
}

/// Reads a configuration: what all types have, what this one has, and the secret, each with its own messages.
fn read<K: Kind>(bytes: &[u8]) -> Result<Draft<K::Settings>, Problem> {
    let Common {
        description,
        verify_tls,
    } = body::parse(bytes)?;
    let settings = body::parse(bytes)?;
    let secret = match &K::SECRET {
        None => None,
        Some(secret) => {
            let secrets: Secrets = body::parse(bytes)?;
            let found = match secret.field {
                "access_token" => secrets.access_token,
                _ => secrets.password,
            };
            match found {
                None => None,
                Some(Value::String(text)) => Some(text),
                Some(_) => {
                    return Err(Problem::bad_request(format!(
                        "Request body, `{}`: expected a text, got something else",
                        secret.field
                    )));
                }
            }
        }
    };
    let mut draft = Draft {
        description,
        verify_tls,
        settings,
        secret: secret.filter(|text| !text.is_empty()),
    };
    K::check(&mut draft)?;
    Ok(draft)
}

impl<K: Kind> FromRequest<AppState> for New<K> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> ApiResult<Self> {
        let bytes = body::read_json(request, state).await?;
        let draft = read::<K>(&bytes)?;
        match &K::SECRET {
            Some(secret) if secret.is_required && draft.secret.is_none() => {
                Err(Problem::bad_request(format!(
                    "Request body: expected a text in `{}`, got none",
                    secret.field
                ))
                .into())
            }
            _ => Ok(Self(draft)),
        }
    }
}

impl<K: Kind> FromRequest<AppState> for Change<K> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &AppState) -> ApiResult<Self> {
        let bytes = body::read_json(request, state).await?;
        Ok(Self(read::<K>(&bytes)?))
    }
}

impl<K: Kind> PartialSchema for New<K> {
    fn schema() -> RefOr<Schema> {
        request_schema::<K>(true)
    }
}

impl<K: Kind> ToSchema for New<K> {
    fn name() -> Cow<'static, str> {
        K::NAMES.post.into()
    }
}

impl<K: Kind> PartialSchema for Change<K> {
    fn schema() -> RefOr<Schema> {
        request_schema::<K>(false)
    }
}

impl<K: Kind> ToSchema for Change<K> {
    fn name() -> Cow<'static, str> {
        K::NAMES.put.into()
    }
}

/// What comes in: what all types have, what this one has, and the secret.
fn request_schema<K: Kind>(is_new: bool) -> RefOr<Schema> {
    let mut all = AllOfBuilder::new()
        .item(Common::schema())
        .item(ignored())
        .item(K::Settings::schema());
    if let Some(secret) = &K::SECRET {
        let text = ObjectBuilder::new()
            .schema_type(Type::String)
            .write_only(true)
            .description(Some(secret.description));
        let mut object = ObjectBuilder::new().property(secret.field, text);
        if is_new && secret.is_required {
            object = object.required(secret.field);
        }
        all = all.item(object);
    }
    Schema::AllOf(all.build()).into()
}

/// What only the server sets; clients may send back what they got.
fn ignored() -> ObjectBuilder {
    let ignored = "Ignored: the server sets it";
    let text = || {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(ignored))
    };
    let time = || text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    ObjectBuilder::new()
        .property("uuid", text())
        .property("created_at", time())
        .property("last_updated", time())
}

impl<K: Kind> PartialSchema for Answer<K> {
    fn schema() -> RefOr<Schema> {
        let common = Ref::from_schema_name(NotificationEndpointConfiguration::name());
        let all = AllOfBuilder::new().item(common).item(K::Settings::schema());
        Schema::AllOf(all.build()).into()
    }
}

impl<K: Kind> ToSchema for Answer<K> {
    fn name() -> Cow<'static, str> {
        K::NAMES.answer.into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        let common = NotificationEndpointConfiguration::name().into_owned();
        schemas.push((common, NotificationEndpointConfiguration::schema()));
        <NotificationEndpointConfiguration as ToSchema>::schemas(schemas);
    }
}
