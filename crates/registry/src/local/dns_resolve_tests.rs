use super::super::test_server::{context, run};
use super::*;
use hickory_resolver::proto::op::{Message, MessageType};
use hickory_resolver::proto::rr::RData;
use hickory_resolver::proto::rr::rdata::{A, CNAME, TXT};
use std::str::FromStr;
use tokio::net::UdpSocket;

/// A DNS server that knows `www.example.com`, an alias of `web.example.com`.
async fn server() -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").await.expect("bind");
    let address = socket.local_addr().expect("address").to_string();
    tokio::spawn(async move {
        let mut bytes = [0; 1500];
        while let Ok((length, from)) = socket.recv_from(&mut bytes).await {
            let query = Message::from_vec(&bytes[..length]).expect("a query");
            let reply = answer(&query).to_vec().expect("a reply");
            socket.send_to(&reply, from).await.expect("sent");
        }
    });
    address
}

fn answer(query: &Message) -> Message {
    let mut reply = Message::response(query.metadata.id, query.metadata.op_code);
    reply.metadata.message_type = MessageType::Response;
    let question = query.queries.first().expect("a question").clone();
    let name = question.name().to_string();
    let web = Name::from_str("web.example.com.").expect("a name");
    let mut add = |name: Name, data: RData| {
        reply.answers.push(DnsRecord::from_rdata(name, 60, data));
    };
    match (name.as_str(), question.query_type()) {
        ("www.example.com.", RecordType::A) => {
            add(question.name().clone(), RData::CNAME(CNAME(web.clone())));
            add(web, RData::A(A::new(192, 0, 2, 7)));
        }
        ("www.example.com.", RecordType::TXT) => {
            let parts = vec!["v=spf1 ".to_owned(), "-all".to_owned()];
            add(question.name().clone(), RData::TXT(TXT::new(parts)));
        }
        ("www.example.com.", _) => {}
        _ => reply.metadata.response_code = ResponseCode::NXDomain,
    }
    reply.queries.push(question);
    reply
}

async fn ask(name: &str, wanted: &str) -> Result<Json, CallError> {
    let mut here = context();
    here.reaches = Some(vec!["*.example.com".to_owned(), "127.0.0.1".to_owned()]);
    let arguments =
        json!({"name": name, "type": wanted, "server": server().await, "timeout": "5s"});
    run(&DnsResolve, &here, arguments).await
}

#[tokio::test]
async fn aliases_are_followed_and_shown() {
    let result = ask("www.example.com", "A").await.expect("answers");
    assert_eq!(result["values"], json!(["192.0.2.7"]));
    assert_eq!(
        result["records"][0],
        json!({"name": "www.example.com.", "type": "CNAME", "value": "web.example.com.", "ttl": 60})
    );
}

#[tokio::test]
async fn texts_come_without_quotes() {
    let result = ask("www.example.com", "TXT").await.expect("answers");
    assert_eq!(result["values"], json!(["v=spf1 -all"]));
}

#[tokio::test]
async fn no_records_is_an_answer_and_no_name_an_error() {
    let result = ask("www.example.com", "MX").await.expect("answers");
    assert_eq!(result, json!({"records": [], "values": []}));
    let error = ask("gone.example.com", "A")
        .await
        .expect_err("no such name");
    assert_eq!(error.code, "nxdomain");
}

#[tokio::test]
async fn names_and_servers_must_be_reached() {
    let error = ask("www.example.org", "A")
        .await
        .expect_err("not in `reaches`");
    assert_eq!(error.code, "not_allowed");
    let arguments = json!({"name": "localhost", "server": "192.0.2.1"});
    let error = run(&DnsResolve, &context(), arguments)
        .await
        .expect_err("not in `reaches`");
    assert_eq!(error.code, "not_allowed");
}
