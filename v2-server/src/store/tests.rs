//! Transactions on a real file.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::testing::Database;
use super::{Error, Result, Store};
use crate::params;

async fn store() -> (Database, Store) {
    let database = Database::new().await;
    let store = database.open().await.unwrap();
    (database, store)
}

async fn put(store: &Store, name: &'static str, value: &'static str) -> Result<usize> {
    store
        .write(move |tx| {
            tx.execute(
                "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                params![name, value],
            )
        })
        .await
}

async fn value(store: &Store, name: &'static str) -> Result<Option<String>> {
    store
        .read(move |tx| {
            tx.query_opt(
                "SELECT value FROM secrets WHERE name = $1",
                params![name],
                |row| row.get("value"),
            )
        })
        .await
}

#[tokio::test]
async fn what_is_written_is_read_and_survives_the_end() {
    let (database, first) = store().await;
    assert_eq!(put(&first, "a", "1").await.unwrap(), 1);
    assert_eq!(put(&first, "a", "2").await.unwrap(), 0);
    drop(first);
    let second = database.open().await.unwrap();
    assert_eq!(value(&second, "a").await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn a_failed_transaction_leaves_nothing() {
    let (_folder, store) = store().await;
    let failed: Result<()> = store
        .write(|tx| {
            tx.execute(
                "INSERT INTO secrets (name, value) VALUES ('a', '1')",
                params![],
            )?;
            tx.execute(
                "INSERT INTO secrets (name, value) VALUES ('a', '2')",
                params![],
            )?;
            Ok(())
        })
        .await;
    assert!(matches!(failed, Err(Error::AlreadyExists { .. })));
    assert_eq!(value(&store, "a").await.unwrap(), None);
}

#[tokio::test]
async fn a_panic_in_a_transaction_leaves_nothing_and_the_store_works_on() {
    let (_folder, store) = store().await;
    let failed: Result<()> = store
        .write(|tx| {
            tx.execute(
                "INSERT INTO secrets (name, value) VALUES ('a', '1')",
                params![],
            )?;
            panic!("on purpose")
        })
        .await;
    assert!(matches!(failed, Err(Error::Thread(_))));
    assert_eq!(value(&store, "a").await.unwrap(), None);
    assert_eq!(put(&store, "a", "2").await.unwrap(), 1);
}

#[tokio::test]
async fn readers_cannot_write() {
    let (_folder, store) = store().await;
    let refused: Result<usize> = store
        .read(|tx| tx.execute("DELETE FROM secrets", params![]))
        .await;
    assert!(matches!(refused, Err(Error::Database(_))));
}

#[tokio::test]
async fn a_reader_sees_one_moment_while_others_write() {
    let (_folder, store) = store().await;
    put(&store, "a", "1").await.unwrap();
    let count = |tx: &mut super::Transaction<'_>| -> Result<i64> {
        tx.query_value("SELECT count(*) FROM secrets", params![])
    };
    let writer = store.clone();
    let runtime = tokio::runtime::Handle::current();
    let seen: Result<(i64, i64)> = store
        .read(move |tx| {
            let before = count(tx)?;
            runtime.block_on(put(&writer, "b", "2"))?;
            Ok((before, count(tx)?))
        })
        .await;
    assert_eq!(seen.unwrap(), (1, 1));
    assert_eq!(store.read(count).await.unwrap(), 2);
}

#[tokio::test]
async fn a_peek_that_takes_long_is_begun_again_where_it_may() {
    let (_folder, store) = store().await;
    let tries = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&tries);
    let read: Result<Option<i64>> = store
        .peek(move |tx| {
            counted.fetch_add(1, Ordering::Relaxed);
            let count = tx.query_value(
                "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
                 SELECT count(*) FROM n",
                params![],
            );
            // Some take a failure for an answer, and do not ask why it failed.
            Ok(count.ok())
        })
        .await;
    assert_eq!(read.unwrap(), Some(1_000_000));
    let expected = if store.is_shared() { 1 } else { 2 };
    assert_eq!(tries.load(Ordering::Relaxed), expected);
}

#[tokio::test]
async fn a_peek_that_writes_or_panics_fails_and_the_next_one_works() {
    let (_folder, store) = store().await;
    let refused: Result<usize> = store
        .peek(|tx| tx.execute("DELETE FROM secrets", params![]))
        .await;
    assert!(matches!(refused, Err(Error::Database(_))));
    let panicked: Result<()> = store.peek(|_| panic!("on purpose")).await;
    assert!(matches!(panicked, Err(Error::Thread(_))));
    let one: Result<i64> = store
        .peek(|tx| tx.query_value("SELECT CAST(1 AS BIGINT)", params![]))
        .await;
    assert_eq!(one.unwrap(), 1);
}

#[tokio::test]
async fn placeholders_go_by_number_wherever_they_stand() {
    let (_folder, store) = store().await;
    let row: Result<Option<(String, bool, Option<i64>)>> = store
        .read(|tx| {
            tx.query_opt(
                "SELECT CAST($2 AS TEXT), CAST($1 AS BOOLEAN), CAST($3 AS BIGINT), CAST($2 AS TEXT)",
                params![true, "text", None::<i64>],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
        })
        .await;
    assert_eq!(row.unwrap(), Some(("text".to_owned(), true, None)));
    for values in [
        params![1_i64].as_slice(),
        params![1_i64, 2_i64, 3_i64].as_slice(),
    ] {
        let count = values.len();
        let wrong: Result<i64> = store
            .read(move |tx| {
                let values = vec![super::Value::Integer(1); count];
                tx.query_value("SELECT CAST($1 AS BIGINT) + CAST($2 AS BIGINT)", &values)
            })
            .await;
        assert!(matches!(wrong, Err(Error::Placeholders { wanted: 2, .. })));
    }
}

#[tokio::test]
async fn a_column_of_another_kind_is_told_without_its_value() {
    let (_folder, store) = store().await;
    let wrong: Result<i64> = store
        .read(|tx| tx.query_value("SELECT 'a secret'", params![]))
        .await;
    let told = wrong.unwrap_err().to_string();
    assert_eq!(told, "column `0` holds text, expected an integer");
}

#[tokio::test]
async fn texts_are_data_whatever_they_look_like() {
    let (_folder, store) = store().await;
    let nasty = "'; DROP TABLE secrets; --";
    put(&store, nasty, "\u{1}\u{1F4A3}'\"").await.unwrap();
    assert_eq!(
        value(&store, nasty).await.unwrap().as_deref(),
        Some("\u{1}\u{1F4A3}'\"")
    );
}

#[tokio::test]
async fn the_nul_character_is_refused_by_both_databases() {
    let (_folder, store) = store().await;
    let refused = put(&store, "a", "b\u{0}c").await;
    assert!(matches!(refused, Err(Error::Nul)), "{refused:?}");
    let refused = value(&store, "a\u{0}").await;
    assert!(matches!(refused, Err(Error::Nul)), "{refused:?}");
}

#[tokio::test]
async fn writers_that_meet_lose_nothing() {
    let (_folder, store) = store().await;
    put(&store, "count", "0").await.unwrap();
    let writers = (0..20).map(|_| {
        store.write(|tx| -> Result<()> {
            let seen: String =
                tx.query_value("SELECT value FROM secrets WHERE name = 'count'", params![])?;
            let next = seen.parse::<u32>().unwrap() + 1;
            tx.execute(
                "UPDATE secrets SET value = $1 WHERE name = 'count'",
                params![next.to_string()],
            )
            .map(drop)
        })
    });
    for written in futures_util::future::join_all(writers).await {
        written.unwrap();
    }
    let count = value(&store, "count").await.unwrap();
    assert_eq!(count.as_deref(), Some("20"));
}
