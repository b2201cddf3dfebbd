//! A web from before tickets with keys of their own, played by messages that are written down here a second time.

use hyper::http::uri::PathAndQuery;
use prost::Message;
use stakepool_core::chain::{Address, AddressKind, Hash160, Network};
use stakepool_core::ports::{EventCursor, VotingDaemon};
use stakepool_core::reports::{DaemonEventKind, VoteOutcome};
use tonic::client::Grpc;
use tonic::metadata::MetadataValue;
use tonic_prost::ProstCodec;

use super::fake::{EPOCH, ticket_report, vote_record};
use super::peers::channel;
use super::{Daemon, TOKEN, with_token};

#[derive(Clone, PartialEq, Message)]
struct Place {
    #[prost(uint64, tag = "1")]
    epoch: u64,
    #[prost(uint64, tag = "2")]
    seq: u64,
}

#[derive(Clone, PartialEq, Message)]
struct Asked {
    #[prost(message, optional, tag = "1")]
    after: Option<Place>,
}

#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(uint64, tag = "1")]
    seq: u64,
}

#[derive(Clone, PartialEq, Message)]
struct End {
    #[prost(message, optional, tag = "1")]
    next: Option<Place>,
}

#[derive(Clone, PartialEq, Message)]
struct Piece {
    #[prost(message, repeated, tag = "1")]
    events: Vec<Event>,
    #[prost(message, optional, tag = "2")]
    end: Option<End>,
}

/// The same with a key's address, and without a user.
fn by_key(kind: DaemonEventKind) -> DaemonEventKind {
    let key = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([7; 20])));
    match kind {
        DaemonEventKind::Ticket(mut report) => {
            (report.user, report.address) = (None, key);
            DaemonEventKind::Ticket(report)
        }
        DaemonEventKind::Vote(mut record) => {
            record.address = key;
            DaemonEventKind::Vote(record)
        }
    }
}

#[tokio::test]
async fn an_older_web_is_sent_no_tickets_with_keys_of_their_own_and_a_newer_one_gets_all() {
    let daemon = Daemon::start(with_token()).await;
    for kind in [ticket_report(1), vote_record(VoteOutcome::Sent)] {
        daemon.backend.happen(kind.clone());
        daemon.backend.happen(by_key(kind));
    }
    let mut request = tonic::Request::new(Asked { after: Some(Place { epoch: EPOCH, seq: 0 }) });
    request.metadata_mut().insert("authorization", MetadataValue::try_from(format!("Bearer {TOKEN}")).unwrap());
    let path = PathAndQuery::from_static("/excc.stakepool.v1.PoolDaemon/Events");
    let mut grpc = Grpc::new(channel(&daemon));
    grpc.ready().await.unwrap();
    let answer = grpc.server_streaming(request, path, ProstCodec::<Asked, Piece>::default()).await;
    let piece = answer.unwrap().into_inner().message().await.unwrap().unwrap();
    assert_eq!(piece.events, [Event { seq: 1 }, Event { seq: 3 }]);
    assert_eq!(piece.end.unwrap().next, Some(Place { epoch: EPOCH, seq: 4 }));

    let all = daemon.client().events(EventCursor { epoch: EPOCH, seq: 0 }).await.unwrap();
    assert_eq!(all.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
    daemon.stop().await;
}
