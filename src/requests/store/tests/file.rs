//! What opening a file promises.

use super::*;

async fn open(folder: &TempDir) -> Result<Store, StoreError> {
    Store::open(&in_folder(folder), Sharing::Alone, Arc::new(Metrics::new())).await
}

#[tokio::test]
async fn a_database_is_for_the_bot_alone_and_keeps_what_it_was_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    store.ask(&new(&["ABE"], 1), 1, SystemTime::now(), CorrelationId::new()).await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(store);
    let store = open(&folder).await.unwrap();
    assert_eq!(store.request(1).await.unwrap().unwrap().state, State::Pending);
}

/// Why a database can't be opened, which is as it was then.
async fn refused_and_left(folder: &TempDir) -> StoreError {
    let file = folder.path().join("test.db");
    let before = std::fs::read(&file).unwrap();
    let refused = open(folder).await.err().unwrap();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    refused
}

#[tokio::test]
async fn what_is_no_sound_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    std::fs::write(&file, "not a database, but somebody's notes".repeat(500)).unwrap();
    assert!(matches!(refused_and_left(&folder).await, StoreError::Damaged(_)));
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .write(&store.pool)
    .await
    .unwrap();
    store.close().await;
    assert!(matches!(refused_and_left(&folder).await, StoreError::OtherVersion));
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    query("ALTER TABLE _sqlx_migrations RENAME TO somebody_elses")
        .write(&store.pool)
        .await
        .unwrap();
    store.close().await;
    assert!(matches!(refused_and_left(&folder).await, StoreError::Damaged(_)));
}
