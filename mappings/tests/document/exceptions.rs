//! Where V1 differs from the V1 specification on purpose, each with the reason. The list only
//! shrinks; an entry that is not needed fails the test.

use windlass_transforms::document::compare::{Change, Difference};

/// One difference that is right.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    /// A member of a V1 schema (`Account.email`), wherever it stands; or an operation and a part of
    /// it (`POST /v1/accounts: 409`).
    place: &'static str,
    change: Change,
    reason: &'static str,
}

impl Exception {
    /// Whether this difference is the one.
    pub(crate) fn is_for(&self, difference: &Difference) -> bool {
        let part = format!("{}: {}", difference.operation, difference.place);
        difference.change == self.change
            && (difference.schema_place.as_deref() == Some(self.place) || part == self.place)
    }
}

const fn except(place: &'static str, change: Change, reason: &'static str) -> Exception {
    Exception {
        place,
        change,
        reason,
    }
}

const NO_TYPES: &str = "servers wrote neither, but `httpcode`, and clients read that";
const MISSPELT: &str = "misspelt in the specification; servers wrote `last_updated`";
const SENT_NULL: &str = "servers wrote null too";
const SENT: &str = "servers wrote it, whatever their specification says";
const JAVA: &str = "more than V1 had, under a name that V1 used for rows of other types";
const STUMBLED: &str = "servers stumbled over what is not there and answered 500";
const TOLD_APART: &str = "one 404 of V2 is a 404 and another a 500 of V1: a step tells them apart";
const MAIN: &str =
    "the engine answers for the RBAC manager: with more members, and without `engine`";

/// All of them.
pub(crate) const LIST: &[Exception] = &[
    except("ApiErrorResponse.code", Change::FieldRemoved, NO_TYPES),
    except(
        "ApiErrorResponse.error_type",
        Change::FieldRemoved,
        NO_TYPES,
    ),
    except("ApiErrorResponse.httpcode", Change::FieldAdded, SENT),
    except(
        "RegistryConfiguration.last_upated",
        Change::FieldRemoved,
        MISSPELT,
    ),
    except(
        "RegistryConfiguration.last_updated",
        Change::FieldAdded,
        MISSPELT,
    ),
    except(
        "EventCategory.category",
        Change::FieldRemoved,
        "servers wrote `name`, and clients read that",
    ),
    except(
        "EventCategory.name",
        Change::FieldAdded,
        "in place of `category`",
    ),
    except(
        "ServiceVersion.api.version",
        Change::FieldRemoved,
        "servers left it empty: clients that find `2` stop speaking V1",
    ),
    except("ServiceVersion.engine", Change::FieldRemoved, MAIN),
    except("StatusResponse.available", Change::FieldAdded, MAIN),
    except("StatusResponse.db_version", Change::FieldAdded, MAIN),
    except("StatusResponse.detail", Change::FieldAdded, MAIN),
    except("StatusResponse.version", Change::FieldAdded, MAIN),
    except("AnchoreImage.analyzed_at", Change::FieldAdded, SENT),
    except("AnchoreImage.image_type", Change::FieldAdded, SENT),
    except("ImageDetail.digest", Change::FieldAdded, SENT),
    except("ImageDetail.tag", Change::FieldAdded, SENT),
    except("ImageDetail.tag_detected_at", Change::FieldAdded, SENT),
    except(
        "ContentJAVAPackageResponse.content[].version",
        Change::FieldAdded,
        JAVA,
    ),
    except("Account.email", Change::BecameNullable, SENT_NULL),
    except("User.source", Change::BecameNullable, SENT_NULL),
    except(
        "AnchoreImageTagSummary.analyzed_at",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "EventResponse.event.resource.id",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "EventResponse.event.source.request_id",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "FeedGroupMetadata.last_sync",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "DeleteImageResponse.detail",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "ContentPackageResponse.content[].license",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "SourceContentPackageResponse.content[].license",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "DELETE /v1/accounts/{accountname}: 204",
        Change::StatusRemoved,
        "servers answered 200 with the state, whatever their specification says",
    ),
    except(
        "POST /v1/accounts: 409",
        Change::StatusRemoved,
        "servers answered 400, whatever their specification says",
    ),
    except(
        "DELETE /v1/images/by_id/{imageId}: 500",
        Change::StatusRemoved,
        "V2 does not announce this failure; what it answers is rewritten all the same",
    ),
    except(
        "AnalysisArchiveRulesSummary.last_updated",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "AnalysisArchiveTransitionRule.max_images_per_account",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "StandaloneVulnerability.description",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "StandaloneVulnerability.references",
        Change::BecameNullable,
        SENT_NULL,
    ),
    except(
        "DELETE /v1/system/feeds/{feed}: 404",
        Change::StatusRemoved,
        STUMBLED,
    ),
    except(
        "GET /v1/images/{imageDigest}/artifacts/file_content_search: 404",
        Change::StatusRemoved,
        TOLD_APART,
    ),
    except(
        "GET /v1/images/{imageDigest}/artifacts/retrieved_files: 404",
        Change::StatusRemoved,
        TOLD_APART,
    ),
    except(
        "GET /v1/images/{imageDigest}/artifacts/secret_search: 404",
        Change::StatusRemoved,
        TOLD_APART,
    ),
    except(
        "PaginatedVulnerableImageList.total_count",
        Change::FieldAdded,
        SENT,
    ),
    except(
        "GET /v1/images/{imageDigest}/sboms/native: 500",
        Change::MediaTypeRemoved,
        "only the document says that errors are gzip files; they are JSON",
    ),
];
