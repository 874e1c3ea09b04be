//! The stand-in of a load balancer.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]

use std::collections::HashSet;
use std::net::SocketAddr;

use sandbox::balancer::Balancer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A server that echoes what it is told, with a letter before it.
async fn backend(letter: u8) -> (SocketAddr, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serve = async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut said = Vec::new();
            stream.read_to_end(&mut said).await.unwrap();
            stream.write_all(&[&[letter][..], &said].concat()).await.unwrap();
        }
    };
    (address, tokio::spawn(serve))
}

/// What somebody gets who says this to the balancer.
async fn said(balancer: &Balancer, words: &str) -> String {
    let address = balancer.url();
    let address = address.strip_prefix("http://").unwrap().strip_suffix("/interactions").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The letters of those who answer 60 times.
async fn who_answers(balancer: &Balancer) -> Vec<String> {
    let mut letters = Vec::new();
    for _ in 0..60 {
        letters.push(said(balancer, "hello").await);
    }
    letters
}

#[tokio::test]
async fn connections_are_dealt_out_at_random_to_those_who_take_them() {
    let balancer = Balancer::start(7).await.unwrap();
    assert_eq!(said(&balancer, "").await, "", "nobody is there");
    let [a, b, c] = [backend(b'a').await, backend(b'b').await, backend(b'c').await];
    for (address, _) in [&a, &b, &c] {
        balancer.add(*address);
    }
    let dealt = who_answers(&balancer).await;
    let all = HashSet::from(["ahello", "bhello", "chello"]);
    assert_eq!(dealt.iter().map(String::as_str).collect::<HashSet<_>>(), all);
    let turns = dealt.windows(4).filter(|turn| turn[0] == turn[3]).count();
    assert!(turns < 50, "they aren't taken in turns: {dealt:?}");
    // One that refuses connections is passed over, and so is one that was taken out.
    b.1.abort();
    b.1.await.unwrap_err();
    balancer.remove(a.0);
    assert!(who_answers(&balancer).await.iter().all(|answer| answer == "chello"));
}

#[tokio::test]
async fn the_same_seed_deals_out_the_same() {
    let mut dealt = Vec::new();
    for seed in [1, 1, 2] {
        let balancer = Balancer::start(seed).await.unwrap();
        for letter in *b"abc" {
            let (address, _) = backend(letter).await;
            balancer.add(address);
        }
        dealt.push(who_answers(&balancer).await);
    }
    assert_eq!(dealt[0], dealt[1]);
    assert_ne!(dealt[1], dealt[2]);
}
