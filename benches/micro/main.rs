//! Single functions, the ones that each interaction passes: `cargo bench --bench micro --features micro`.

#![expect(clippy::unwrap_used, reason = "what can't be made can't be measured")]

use divan::{Bencher, black_box};
use ldapgroup_bot::micro::{Card, Page, Requests, reads};
use sandbox::discord::{Discord, GUILD, Options, Who};
use serde_json::json;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

/// From one hit to as many as Connect gives at the most.
const HITS: [usize; 4] = [1, 20, 60, 500];

fn main() {
    divan::main();
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn page(hits: usize) -> Page {
    let hit = |number| {
        let guid = (number % 3 == 0).then_some("5f0b3c1e-0000-4000-8000-000000000000");
        json!({"name": name(number), "guid": guid, "temp_ticket": "t".repeat(200)})
    };
    Page::of("clinical-trial-", (0..hits).map(hit).collect()).unwrap()
}

fn name(number: usize) -> String {
    format!("clinical-trial-{number:03}-readers")
}

fn requests() -> (Runtime, TempDir, Requests) {
    let (runtime, folder) = (runtime(), tempfile::tempdir().unwrap());
    let requests = runtime.block_on(Requests::in_folder(folder.path())).unwrap();
    (runtime, folder, requests)
}

#[divan::bench]
fn read_an_interaction(bencher: Bencher<'_, '_>) {
    let interaction = runtime().block_on(async {
        let discord = Discord::start(Options::default()).await.unwrap();
        let mut payload = discord.person(Who::Member).payload(2);
        let prefix = json!({"type": 3, "name": "prefix", "value": "accounting"});
        let search = json!({"type": 1, "name": "search", "options": [prefix]});
        let (id, guild) = (GUILD.to_string(), GUILD.to_string());
        payload["data"] = json!({
            "id": id, "name": "ldapgroup", "type": 1, "guild_id": guild, "options": [search],
        });
        payload.to_string()
    });
    assert!(reads(&interaction));
    bencher.bench(|| reads(black_box(&interaction)));
}

#[divan::bench(args = HITS)]
fn find_a_name(bencher: Bencher<'_, '_>, hits: usize) {
    let (page, name) = (page(hits), name(hits - 1).to_uppercase());
    assert!(page.has(&name));
    bencher.bench(|| page.has(black_box(&name)));
}

#[divan::bench(args = HITS)]
fn find_names_like_a_mistyped_one(bencher: Bencher<'_, '_>, hits: usize) {
    let (page, name) = (page(hits), "clinical-tiral-000-raeders");
    assert!(page.near(name) > 0);
    bencher.bench(|| page.near(black_box(name)));
}

#[divan::bench(args = HITS)]
fn word_a_page(bencher: Bencher<'_, '_>, hits: usize) {
    let page = page(hits);
    bencher.bench(|| page.word());
}

#[divan::bench]
fn word_a_request(bencher: Bencher<'_, '_>) {
    let (runtime, _folder, requests) = requests();
    let card = runtime.block_on(Card::of(&requests)).unwrap();
    bencher.bench(|| card.word());
}

#[divan::bench]
fn store_what_somebody_asks_for(bencher: Bencher<'_, '_>) {
    let (runtime, _folder, requests) = requests();
    bencher.bench_local(|| runtime.block_on(requests.ask()).unwrap());
}

#[divan::bench]
fn store_a_decision(bencher: Bencher<'_, '_>) {
    let (runtime, _folder, requests) = requests();
    bencher
        .with_inputs(|| runtime.block_on(requests.ask()).unwrap())
        .bench_local_values(|id| assert!(runtime.block_on(requests.deny(id))));
}
