//! An analysis as one text: the rows that make up an analysed image, column by column, so that it can be put
//! back as it was. Compressed, since most of it is JSON.
//!
//! ```text
//! {"format":1,"tables":[{"name":"images","columns":["image_digest",…],"rows":[["sha256:…",…]]},…]}
//! ```
//!
//! Columns that a later release adds to a table are not in older archives; they keep their defaults then.

use std::borrow::Cow;
use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::http::{ApiError, ApiResult};
use crate::params;
use crate::resources::images::record::store::ImageKey;
use crate::store::{Result, ToValue, Transaction, Value};
use crate::time::Timestamp;

/// How the text is made; another number is another form.
const FORMAT: u32 = 1;

/// A table whose rows belong to an image, and the columns that are kept.
struct Part {
    table: &'static str,
    columns: &'static [&'static str],
    order: &'static str,
}

/// The image itself; its rows elsewhere refer to it.
const IMAGE: Part = Part {
    table: "images",
    columns: &[
        "image_digest",
        "parent_digest",
        "image_id",
        "image_type",
        "analysis_status_detail",
        "annotations",
        "queued_at",
        "created_at",
        "analyzed_at",
        "arch",
        "os",
        "distro",
        "distro_version",
        "like_distro",
        "dockerfile_mode",
        "image_size",
        "layer_count",
        "layers",
        "layers_digest",
    ],
    order: "id",
};

const PARTS: &[Part] = &[
    Part {
        table: "image_tags",
        columns: &[
            "full_tag",
            "registry",
            "repo",
            "tag",
            "dockerfile",
            "created_at",
            "last_updated",
            "tag_detected_at",
            "detection",
        ],
        order: "tag_detected_at DESC, detection DESC, full_tag",
    },
    Part {
        table: "image_documents",
        columns: &["kind", "body"],
        order: "kind",
    },
    Part {
        table: "image_content",
        columns: &["content_type", "piece", "body"],
        order: "content_type, piece",
    },
    Part {
        table: "image_packages",
        columns: &[
            "position",
            "name",
            "version",
            "package_type",
            "class",
            "location",
            "licenses",
            "cpes",
            "purl",
        ],
        order: "position",
    },
    Part {
        table: "image_vulnerabilities",
        columns: &[
            "severity_rank",
            "vulnerability_id",
            "package_name",
            "package_version",
            "package_type",
            "package_path",
            "feed",
            "feed_group",
            "package_class",
            "severity",
            "fix",
            "url",
            "package_cpe",
            "will_not_fix",
            "nvd_data",
            "vendor_data",
            "detected_at",
            "fix_observed_at",
            "report",
        ],
        order: "severity_rank, vulnerability_id, package_name, package_version, package_type, package_path, feed",
    },
    Part {
        table: "policy_evaluations",
        columns: &[
            "evaluation_id",
            "tag",
            "policy_id",
            "turn",
            "evaluation",
            "created_at",
            "last_updated",
        ],
        order: "evaluation_id",
    },
];

/// All rows of an analysed image.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Dump {
    format: u32,
    tables: Vec<Table>,
}

/// Rows of one table.
#[derive(Debug, Serialize, Deserialize)]
struct Table {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

/// One value.
#[derive(Debug, Serialize, Deserialize)]
enum Cell {
    /// Nothing.
    #[serde(rename = "n")]
    Null,
    /// True or false.
    #[serde(rename = "b")]
    Bool(bool),
    /// A whole number.
    #[serde(rename = "i")]
    Integer(i64),
    /// Another number.
    #[serde(rename = "r")]
    Real(f64),
    /// A text.
    #[serde(rename = "t")]
    Text(String),
    /// Bytes, in base64.
    #[serde(rename = "x")]
    Bytes(String),
}

impl From<Value<'static>> for Cell {
    fn from(value: Value<'static>) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(truth) => Self::Bool(truth),
            Value::Integer(number) => Self::Integer(number),
            Value::Real(number) => Self::Real(number),
            Value::Text(text) => Self::Text(text.into_owned()),
            Value::Bytes(bytes) => Self::Bytes(STANDARD.encode(bytes)),
        }
    }
}

impl Cell {
    fn value(&self) -> ApiResult<Value<'_>> {
        Ok(match self {
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Integer(number) => Value::Integer(*number),
            Self::Real(number) => Value::Real(*number),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Bytes(text) => Value::Bytes(Cow::Owned(
                STANDARD.decode(text).map_err(ApiError::internal)?,
            )),
        })
    }
}

impl Dump {
    /// Reads all rows of an image.
    pub(super) fn of(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Self> {
        let mut tables = vec![rows(tx, &IMAGE, "id", image)?];
        for part in PARTS {
            tables.push(rows(tx, part, "image", image)?);
        }
        Ok(Self {
            format: FORMAT,
            tables,
        })
    }

    /// Writes all rows as those of a new image of the account, which is analysed already.
    ///
    /// # Errors
    /// Those of the database.
    pub(super) fn restore(
        &self,
        tx: &mut Transaction<'_>,
        account: &str,
        now: Timestamp,
    ) -> ApiResult<ImageKey> {
        let image = self.tables.iter().find(|table| table.name == IMAGE.table);
        let (table, row) = image
            .and_then(|table| Some((table, table.rows.first()?)))
            .ok_or_else(|| ApiError::internal("an archived analysis has no image"))?;
        let mut insert = Insert::new(table, &IMAGE, row)?;
        insert.set("account_name", account.to_value());
        insert.set("image_status", "active".to_value());
        insert.set("analysis_status", "analyzed".to_value());
        insert.set("analysis", Value::Integer(1));
        insert.set("last_updated", now.to_value());
        let key: ImageKey =
            tx.query_value(&format!("{} RETURNING id", insert.sql()), &insert.values)?;
        for part in PARTS {
            for table in self.tables.iter().filter(|table| table.name == part.table) {
                for row in &table.rows {
                    let mut insert = Insert::new(table, part, row)?;
                    insert.set("image", key.to_value());
                    if part.table == "image_tags" {
                        insert.set("account_name", account.to_value());
                    }
                    let sql = format!("{} ON CONFLICT DO NOTHING", insert.sql());
                    tx.execute(&sql, &insert.values)?;
                }
            }
        }
        Ok(key)
    }

    /// The text, compressed.
    ///
    /// # Errors
    /// A number is no JSON number, which no database holds.
    pub(super) fn compress(&self) -> ApiResult<Vec<u8>> {
        let mut writer = GzEncoder::new(Vec::new(), Compression::fast());
        serde_json::to_writer(std::io::BufWriter::new(&mut writer), self)
            .map_err(ApiError::internal)?;
        writer.flush().map_err(ApiError::internal)?;
        writer.finish().map_err(ApiError::internal)
    }

    /// Reads a compressed text.
    ///
    /// # Errors
    /// It was not written by this program, or by a later one in another form.
    pub(super) fn decompress(bytes: &[u8]) -> ApiResult<Self> {
        let mut text = Vec::new();
        GzDecoder::new(bytes)
            .read_to_end(&mut text)
            .map_err(ApiError::internal)?;
        let dump: Self = serde_json::from_slice(&text).map_err(ApiError::internal)?;
        if dump.format == FORMAT {
            Ok(dump)
        } else {
            Err(ApiError::internal(format!(
                "an archived analysis has format {}, expected {FORMAT}",
                dump.format
            )))
        }
    }
}

fn rows(tx: &mut Transaction<'_>, part: &Part, key_column: &str, image: ImageKey) -> Result<Table> {
    let sql = format!(
        "SELECT {} FROM {} WHERE {key_column} = $1 ORDER BY {}",
        part.columns.join(", "),
        part.table,
        part.order
    );
    let rows = tx.query(&sql, params![image], |row| {
        (0..part.columns.len())
            .map(|at| row.get::<Value<'static>>(at).map(Cell::from))
            .collect()
    })?;
    Ok(Table {
        name: part.table.to_owned(),
        columns: part.columns.iter().map(|&name| name.to_owned()).collect(),
        rows,
    })
}

/// A row about to be inserted.
struct Insert<'a> {
    table: &'static str,
    columns: Vec<&'static str>,
    values: Vec<Value<'a>>,
}

impl<'a> Insert<'a> {
    /// The archived values of the columns that are known here: names in statements are this program's own.
    fn new(table: &Table, part: &Part, row: &'a [Cell]) -> ApiResult<Self> {
        let mut insert = Self {
            table: part.table,
            columns: Vec::new(),
            values: Vec::new(),
        };
        for (name, cell) in table.columns.iter().zip(row) {
            if let Some(known) = part.columns.iter().find(|known| *known == name) {
                insert.set(known, cell.value()?);
            }
        }
        Ok(insert)
    }

    fn set(&mut self, column: &'static str, value: Value<'a>) {
        self.columns.push(column);
        self.values.push(value);
    }

    fn sql(&self) -> String {
        let places: Vec<_> = (1..=self.values.len())
            .map(|number| format!("${number}"))
            .collect();
        format!(
            "INSERT INTO {} ({}) VALUES ({})",
            self.table,
            self.columns.join(", "),
            places.join(", ")
        )
    }
}
