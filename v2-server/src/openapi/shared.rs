//! What is said once and holds for all operations: the head of the document, errors, the account
//! header.

use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr,
    Required, Response, ResponseBuilder, SecurityRequirement, Server,
};
use utoipa::{PartialSchema, ToSchema};

use crate::access::action::{self, Domain};
use crate::http::Problem;
use crate::http::error::ApiErrorResponse;
use crate::http::guard::{ACCOUNT_HEADER, ACTION_EXTENSION};

/// The version of the API.
const API_VERSION: &str = "2.0.0";

/// The media type of problems.
const PROBLEM: &str = "application/problem+json";

/// The groups of operations, in the order they are shown.
const TAGS: &[(&str, &str)] = &[
    ("Identity", "The caller"),
    ("User Management", "Accounts, users and their passwords"),
    ("RBAC", "Roles and who holds them"),
    ("Authentication", "Tokens"),
    ("Single Sign-On", "Identity providers, and logins at them"),
    (
        "Images",
        "Images, their contents, vulnerabilities and evaluation",
    ),
    ("Imports", "Analyses made elsewhere"),
    ("Summaries", "Short listings"),
    ("Query", "Searches over all images"),
    (
        "Sources",
        "Source repositories, their contents, vulnerabilities and evaluation",
    ),
    (
        "Applications",
        "Which images and sources make up an application",
    ),
    ("Relationships", "Which artifacts contain which"),
    ("Inventories", "What runs where, as agents report it"),
    ("Corrections", "What users know better about packages"),
    ("Alerts", "Images that fail a policy under a watched tag"),
    ("Reports", "Saved results of scheduled queries"),
    ("Archives", "Analyses kept out of the working set"),
    ("Policies", "The rules images are judged by"),
    ("Registries", "Where images come from"),
    ("Repository Credentials", "Repositories that are watched"),
    ("Subscriptions", "What is watched, and what is told"),
    ("Events", "What has happened"),
    ("Notifications", "Who is told what has happened, and how"),
    ("Actions", "What somebody was asked to do about an image"),
    ("System", "The server itself"),
];

/// The document before any operation is in it.
pub(crate) fn base() -> OpenApi {
    let mut components = Components::new();
    for (name, scheme) in [
        ("basic", HttpAuthScheme::Basic),
        ("bearer", HttpAuthScheme::Bearer),
    ] {
        components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
    }
    for (name, schema) in [
        (ApiErrorResponse::name(), ApiErrorResponse::schema()),
        (Problem::name(), Problem::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    for (name, response) in ERRORS.iter().map(|error| (error.name, error.response())) {
        components
            .responses
            .insert(name.to_owned(), response.into());
    }
    let tags = TAGS.iter().map(|(name, text)| {
        TagBuilder::new()
            .name(*name)
            .description(Some(*text))
            .build()
    });
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("Windlass V2 API")
                .description(Some(
                    "Accounts, images, their contents and vulnerabilities, and the policies they \
                     are judged by.",
                ))
                .version(API_VERSION),
        )
        .tags(Some(tags.collect::<Vec<_>>()))
        .components(Some(components))
        .security(Some(
            ["basic", "bearer"].map(|name| SecurityRequirement::new(name, [""; 0])),
        ))
        .build()
}

/// Adds to every operation what it does not say itself, and takes from the paths what only the
/// router needs.
pub(super) fn add_to_all(document: &mut OpenApi) {
    document.servers = Some(vec![Server::new("/v2")]);
    for (path, mut item) in std::mem::take(&mut document.paths.paths) {
        // The prefix is in `servers`; `{*name}` is the router's way to let a name have slashes.
        let path = path.strip_prefix("/v2").unwrap_or(&path).replace("{*", "{");
        let path = if path.is_empty() {
            "/".to_owned()
        } else {
            path
        };
        for operation in operations_mut(&mut item) {
            add_account_header(&path, operation);
            add_errors(&path, operation);
        }
        document.paths.paths.insert(path, item);
    }
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.patch,
    ]
    .into_iter()
    .filter_map(Option::as_mut)
}

/// Operations on what an account owns can be asked to act in another account.
fn add_account_header(path: &str, operation: &mut Operation) {
    let is_in_account = operation
        .extensions
        .as_ref()
        .and_then(|extensions| extensions.get(ACTION_EXTENSION)?.as_str())
        .and_then(action::find)
        .is_some_and(|action| action.domain == Domain::Account);
    if !is_in_account || path.contains("{account_name}") {
        return;
    }
    let parameter: Parameter = ParameterBuilder::new()
        .name(ACCOUNT_HEADER)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "Act in this account instead of one's own, as far as roles there allow",
        ))
        .schema(Some(Schema::from(
            ObjectBuilder::new().schema_type(Type::String),
        )))
        .build();
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(parameter));
}

/// An error that many operations can answer.
struct SharedError {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    is_problem: bool,
    applies: fn(&str, &Operation) -> bool,
}

const ERRORS: &[SharedError] = &[
    SharedError {
        status: "400",
        name: "BadRequest",
        description: "The request does not fit its schema, or asks for what cannot be",
        is_problem: true,
        applies: |_, operation| operation.request_body.is_some() || operation.parameters.is_some(),
    },
    SharedError {
        status: "401",
        name: "Unauthorized",
        description: "The credentials are missing or wrong",
        is_problem: false,
        applies: |_, operation| !is_public(operation),
    },
    SharedError {
        status: "403",
        name: "Forbidden",
        description: "The account is not enabled, or a permission is missing",
        is_problem: false,
        applies: |_, operation| !is_public(operation),
    },
    SharedError {
        status: "404",
        name: "NotFound",
        description: "What the path names is not there",
        is_problem: true,
        applies: |path, _| path.contains('{'),
    },
    SharedError {
        status: "413",
        name: "TooLarge",
        description: "The body is longer than allowed",
        is_problem: true,
        applies: |_, operation| operation.request_body.is_some(),
    },
    SharedError {
        status: "415",
        name: "UnsupportedMediaType",
        description: "The body is of a kind this operation does not read",
        is_problem: true,
        applies: |_, operation| operation.request_body.is_some(),
    },
    SharedError {
        status: "500",
        name: "InternalError",
        description: "A fault of the server",
        is_problem: false,
        applies: |_, _| true,
    },
];

impl SharedError {
    fn response(&self) -> Response {
        let content = |name: &str| {
            let schema: RefOr<Schema> = Ref::from_schema_name(name).into();
            ContentBuilder::new().schema(Some(schema)).build()
        };
        let mut response = ResponseBuilder::new()
            .description(self.description)
            .content("application/json", content(&ApiErrorResponse::name()));
        if self.is_problem {
            response = response.content(PROBLEM, content(&Problem::name()));
        }
        response.build()
    }
}

fn add_errors(path: &str, operation: &mut Operation) {
    for error in ERRORS {
        if !(error.applies)(path, operation) {
            continue;
        }
        let declared = operation
            .responses
            .responses
            .entry(error.status.to_owned())
            .or_insert_with(|| RefOr::Ref(Ref::from_response_name(error.name)));
        // An operation that tells more about its own errors has those of all operations, too.
        if let RefOr::T(own) = declared
            && error.is_problem
        {
            let problem = error.response().content.get(PROBLEM).cloned();
            own.content
                .extend(problem.map(|content| (PROBLEM.to_owned(), content)));
        }
    }
}

fn is_public(operation: &Operation) -> bool {
    operation
        .security
        .as_ref()
        .is_some_and(|schemes| schemes.contains(&SecurityRequirement::default()))
}
