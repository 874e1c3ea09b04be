//! Copies on machines whose clocks disagree.

use super::*;

#[tokio::test]
async fn a_served_interaction_is_kept_whatever_the_clock_of_the_copy_that_took_it_says() {
    let Some(url) = in_postgres().await else { return };
    let store = Store::open(&url, Sharing::Copies, Arc::new(Metrics::new())).await.unwrap();
    let (minute, hour) = (Duration::from_mins(1), Duration::from_hours(1));
    for (id, wrong) in [(1, SystemTime::now() - hour), (2, SystemTime::now() + hour)] {
        assert!(store.take_interaction(id, wrong).await.unwrap());
        let now = store.now().await.unwrap();
        store.forget_interactions(now - minute).await.unwrap();
        assert!(!store.take_interaction(id, wrong).await.unwrap(), "it isn't a minute old");
        store.forget_interactions(now + minute).await.unwrap();
        assert!(store.take_interaction(id, wrong).await.unwrap(), "it is, by then");
    }
    store.close().await;
}
