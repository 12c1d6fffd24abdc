//! The thirteen operations of one type of endpoint, each with its own entry in the document.
//!
//! The functions written here only say what the document needs; what they do is in [`handlers`](super::handlers), once
//! for all types.

/// Writes the operations of the type `$kind`, which is `$word` in paths and ids and `$name` for people.
macro_rules! operations {
    ($module:ident, $kind:ident, $word:literal, $name:literal) => {
        #[doc = concat!("The operations on ", $name, " configurations.")]
        pub(super) mod $module {
            use axum::extract::State;
            use utoipa_axum::router::OpenApiRouter;
            use utoipa_axum::routes;

            use crate::http::error::ApiErrorResponse;
            use crate::http::{ApiResult, Caller, Json, Path};
            use crate::resources::notifications::configuration::{Answer, Change, New};
            use crate::resources::notifications::handlers as all;
            use crate::resources::notifications::types::{
                ConfigurationPath, NotificationOperationalStatus, NotificationSelector, NotificationTestResult,
                SelectorPath,
            };
            use crate::state::AppState;

            type Kind = crate::resources::notifications::kinds::$module::$kind;
            type Configuration = Answer<Kind>;
            type NewConfiguration = New<Kind>;
            type ChangedConfiguration = Change<Kind>;

            /// The operations of this type.
            pub(crate) fn router() -> OpenApiRouter<AppState> {
                OpenApiRouter::new()
                    .routes(routes!(list_configurations, add_configuration))
                    .routes(routes!(get_configuration, update_configuration, delete_configuration))
                    .routes(routes!(get_configuration_status))
                    .routes(routes!(test_stored_configuration))
                    .routes(routes!(test_configuration))
                    .routes(routes!(list_selectors, add_selector))
                    .routes(routes!(get_selector, update_selector, delete_selector))
            }

            #[utoipa::path(
                get, path = concat!("/notifications/endpoints/", $word, "/configurations"), tag = "Notifications",
                operation_id = concat!("list_", $word, "_configurations"),
                summary = concat!("List the ", $name, " configurations of the account"),
                extensions(("x-anchore-authz-action" = json!("listNotificationEndpointConfigurations"))),
                responses((status = 200, description = "Configurations, oldest first", body = [Configuration])),
            )]
            async fn list_configurations(
                State(state): State<AppState>,
                caller: Caller,
            ) -> ApiResult<Json<Vec<Configuration>>> {
                all::list_configurations::<Kind>(state, caller).await
            }

            #[utoipa::path(
                post, path = concat!("/notifications/endpoints/", $word, "/configurations"), tag = "Notifications",
                operation_id = concat!("add_", $word, "_configuration"),
                summary = concat!("Add a ", $name, " configuration"),
                extensions(("x-anchore-authz-action" = json!("createNotificationEndpointConfiguration"))),
                request_body = NewConfiguration,
                responses((status = 200, description = "The configuration", body = Configuration)),
            )]
            async fn add_configuration(
                State(state): State<AppState>,
                caller: Caller,
                body: NewConfiguration,
            ) -> ApiResult<Json<Configuration>> {
                all::add_configuration(state, caller, body).await
            }

            #[utoipa::path(
                get, path = concat!("/notifications/endpoints/", $word, "/configurations/{uuid}"),
                tag = "Notifications", params(ConfigurationPath),
                operation_id = concat!("get_", $word, "_configuration"),
                summary = concat!("Get a ", $name, " configuration"),
                extensions(("x-anchore-authz-action" = json!("getNotificationEndpointConfiguration"))),
                responses((status = 200, description = "The configuration", body = Configuration)),
            )]
            async fn get_configuration(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<ConfigurationPath>,
            ) -> ApiResult<Json<Configuration>> {
                all::get_configuration::<Kind>(state, caller, path).await
            }

            #[utoipa::path(
                put, path = concat!("/notifications/endpoints/", $word, "/configurations/{uuid}"),
                tag = "Notifications", params(ConfigurationPath),
                operation_id = concat!("update_", $word, "_configuration"),
                summary = concat!("Replace a ", $name, " configuration"),
                description = "What is left out gets its default; a secret that is left out stays.",
                extensions(("x-anchore-authz-action" = json!("updateNotificationEndpointConfiguration"))),
                request_body = ChangedConfiguration,
                responses((status = 200, description = "The configuration", body = Configuration)),
            )]
            async fn update_configuration(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<ConfigurationPath>,
                body: ChangedConfiguration,
            ) -> ApiResult<Json<Configuration>> {
                all::update_configuration(state, caller, path, body).await
            }

            #[utoipa::path(
                delete, path = concat!("/notifications/endpoints/", $word, "/configurations/{uuid}"),
                tag = "Notifications", params(ConfigurationPath),
                operation_id = concat!("delete_", $word, "_configuration"),
                summary = concat!("Delete a ", $name, " configuration with its selectors"),
                extensions(("x-anchore-authz-action" = json!("deleteNotificationEndpointConfiguration"))),
                responses((status = 200, description = "It is gone")),
            )]
            async fn delete_configuration(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<ConfigurationPath>,
            ) -> ApiResult<()> {
                all::delete_configuration::<Kind>(state, caller, path).await
            }

            #[utoipa::path(
                get, path = concat!("/notifications/endpoints/", $word, "/configurations/{uuid}/status"),
                tag = "Notifications", params(ConfigurationPath),
                operation_id = concat!("get_", $word, "_configuration_status"),
                summary = concat!("Tell whether deliveries to a ", $name, " configuration succeed"),
                extensions(("x-anchore-authz-action" = json!("getNotificationEndpointConfiguration"))),
                responses(
                    (status = 200, description = "How the last delivery went", body = NotificationOperationalStatus),
                ),
            )]
            async fn get_configuration_status(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<ConfigurationPath>,
            ) -> ApiResult<Json<NotificationOperationalStatus>> {
                all::get_configuration_status::<Kind>(state, caller, path).await
            }

            #[utoipa::path(
                get, path = concat!("/notifications/endpoints/", $word, "/configurations/{uuid}/test"),
                tag = "Notifications", params(ConfigurationPath),
                operation_id = concat!("test_stored_", $word, "_configuration"),
                summary = concat!("Send a test through a ", $name, " configuration"),
                extensions(("x-anchore-authz-action" = json!("createNotificationEndpointConfiguration"))),
                responses(
                    (status = 200, description = "What became of it", body = NotificationTestResult),
                    (status = 409, description = "The type is disabled", body = ApiErrorResponse),
                ),
            )]
            async fn test_stored_configuration(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<ConfigurationPath>,
            ) -> ApiResult<Json<NotificationTestResult>> {
                all::test_stored_configuration::<Kind>(state, caller, path).await
            }

            #[utoipa::path(
                post, path = concat!("/notifications/endpoints/", $word, "/test"), tag = "Notifications",
                operation_id = concat!("test_", $word, "_configuration"),
                summary = concat!("Send a test through a ", $name, " configuration that is not stored"),
                extensions(("x-anchore-authz-action" = json!("createNotificationEndpointConfiguration"))),
                request_body = NewConfiguration,
                responses(
                    (status = 200, description = "What became of it", body = NotificationTestResult),
                    (status = 409, description = "The type is disabled", body = ApiErrorResponse),
                ),
            )]
            async fn test_configuration(
                State(state): State<AppState>,
                caller: Caller,
                body: NewConfiguration,
            ) -> ApiResult<Json<NotificationTestResult>> {
                all::test_configuration(state, caller, body).await
            }

            #[utoipa::path(
                get, path = concat!("/notifications/endpoints/", $word, "/configurations/{uuid}/selectors"),
                tag = "Notifications", params(ConfigurationPath),
                operation_id = concat!("list_", $word, "_selectors"),
                summary = concat!("List which events go to a ", $name, " configuration"),
                extensions(("x-anchore-authz-action" = json!("listNotificationEndpointConfigurations"))),
                responses((status = 200, description = "Selectors, oldest first", body = [NotificationSelector])),
            )]
            async fn list_selectors(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<ConfigurationPath>,
            ) -> ApiResult<Json<Vec<NotificationSelector>>> {
                all::list_selectors::<Kind>(state, caller, path).await
            }

            #[utoipa::path(
                post, path = concat!("/notifications/endpoints/", $word, "/configurations/{uuid}/selectors"),
                tag = "Notifications", params(ConfigurationPath),
                operation_id = concat!("add_", $word, "_selector"),
                summary = concat!("Send more events to a ", $name, " configuration"),
                extensions(("x-anchore-authz-action" = json!("createNotificationEndpointConfiguration"))),
                request_body = NotificationSelector,
                responses((status = 200, description = "The selector", body = NotificationSelector)),
            )]
            async fn add_selector(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<ConfigurationPath>,
                Json(body): Json<NotificationSelector>,
            ) -> ApiResult<Json<NotificationSelector>> {
                all::add_selector::<Kind>(state, caller, path, body).await
            }

            #[utoipa::path(
                get,
                path = concat!(
                    "/notifications/endpoints/", $word, "/configurations/{configuration_uuid}/selectors/{selector_uuid}"
                ),
                tag = "Notifications", params(SelectorPath),
                operation_id = concat!("get_", $word, "_selector"),
                summary = concat!("Get a selector of a ", $name, " configuration"),
                extensions(("x-anchore-authz-action" = json!("getNotificationEndpointConfiguration"))),
                responses((status = 200, description = "The selector", body = NotificationSelector)),
            )]
            async fn get_selector(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<SelectorPath>,
            ) -> ApiResult<Json<NotificationSelector>> {
                all::get_selector::<Kind>(state, caller, path).await
            }

            #[utoipa::path(
                put,
                path = concat!(
                    "/notifications/endpoints/", $word, "/configurations/{configuration_uuid}/selectors/{selector_uuid}"
                ),
                tag = "Notifications", params(SelectorPath),
                operation_id = concat!("update_", $word, "_selector"),
                summary = concat!("Change which events a selector of a ", $name, " configuration takes"),
                extensions(("x-anchore-authz-action" = json!("updateNotificationEndpointConfiguration"))),
                request_body = NotificationSelector,
                responses((status = 200, description = "The selector", body = NotificationSelector)),
            )]
            async fn update_selector(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<SelectorPath>,
                Json(body): Json<NotificationSelector>,
            ) -> ApiResult<Json<NotificationSelector>> {
                all::update_selector::<Kind>(state, caller, path, body).await
            }

            #[utoipa::path(
                delete,
                path = concat!(
                    "/notifications/endpoints/", $word, "/configurations/{configuration_uuid}/selectors/{selector_uuid}"
                ),
                tag = "Notifications", params(SelectorPath),
                operation_id = concat!("delete_", $word, "_selector"),
                summary = concat!("Delete a selector of a ", $name, " configuration"),
                extensions(("x-anchore-authz-action" = json!("deleteNotificationEndpointConfiguration"))),
                responses((status = 200, description = "It is gone")),
            )]
            async fn delete_selector(
                State(state): State<AppState>,
                caller: Caller,
                Path(path): Path<SelectorPath>,
            ) -> ApiResult<()> {
                all::delete_selector::<Kind>(state, caller, path).await
            }
        }
    };
}

operations!(github, GitHub, "github", "GitHub");
operations!(jira, Jira, "jira", "Jira");
operations!(slack, Slack, "slack", "Slack");
operations!(smtp, Smtp, "smtp", "SMTP");
operations!(teams, Teams, "teams", "Teams");
operations!(webhook, Webhook, "webhook", "webhook");
