//! A PostgreSQL database for each world, where `WINDLASS_TEST_DATABASE` is the address of one: a
//! schema of its own in it. Schemas are left behind: the whole database is for tests.

/// The address of an empty schema; `None` where worlds run on SQLite.
pub async fn postgres() -> Option<String> {
    let server = std::env::var("WINDLASS_TEST_DATABASE").ok();
    let server = server.filter(|server| !server.is_empty())?;
    let name = format!("world_{}", uuid::Uuid::new_v4().simple());
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls)
        .await
        .expect("the database for tests is there");
    tokio::spawn(connection);
    let create = format!("CREATE SCHEMA {name}");
    client
        .batch_execute(&create)
        .await
        .expect("a schema may be made");
    Some(format!("{server}?options=-c%20search_path%3D{name}"))
}
