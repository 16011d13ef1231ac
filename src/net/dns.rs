//! Two questions to the resolver of this computer: SRV (RFC 2782, RFC 6186) and MX. Answers are signed by nobody: what they name is a
//! proposal, never a decision.

use crate::base::limits::{DNS_ANSWER_MAX, DNS_RECORDS_MAX, DNS_SECONDS};
use crate::config::parse::is_host;
use aws_lc_rs::rand;
use domain::base::iana::Rcode;
use domain::base::{Message, MessageBuilder, Name, Rtype};
use domain::rdata::{Mx, Srv};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::time::timeout;

/// The name servers that this computer asks.
#[derive(Clone, Debug, Default)]
pub struct Resolver(Vec<SocketAddr>);

/// Where a service is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Service {
    /// A host name.
    pub host: String,
    /// Its port.
    pub port: u16,
}

impl Resolver {
    /// As the system is configured; where that is not written in a file (Windows) nobody is asked.
    pub fn of_system() -> Self {
        let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        Self(servers(&text))
    }

    /// Asks these.
    pub fn of(servers: Vec<SocketAddr>) -> Self {
        Self(servers)
    }

    /// The hosts of a service, the preferred one first; none where it is "decidedly not available" (RFC 6186 §3.4).
    pub async fn services(&self, service: &str, of: &str) -> Vec<Service> {
        let Some(answer) = self.ask(&format!("{service}.{of}"), Rtype::SRV).await else {
            return Vec::new();
        };
        let records = answer
            .answer()
            .map(|section| section.limit_to::<Srv<_>>().flatten().take(DNS_RECORDS_MAX));
        let mut found: Vec<_> = records
            .map(|records| {
                let each = records.map(|record| {
                    let srv = record.data();
                    (srv.priority(), u16::MAX - srv.weight(), srv.target().to_string(), srv.port())
                });
                each.collect()
            })
            .unwrap_or_default();
        found.sort();
        let named = found.into_iter().filter_map(|(_, _, host, port)| {
            Some(Service {
                host: host_name(&host)?,
                port,
            })
        });
        named.filter(|service| service.port != 0).collect()
    }

    /// Who takes the mail of a domain, the preferred one first.
    pub async fn exchanges(&self, of: &str) -> Vec<String> {
        let Some(answer) = self.ask(of, Rtype::MX).await else {
            return Vec::new();
        };
        let records = answer
            .answer()
            .map(|section| section.limit_to::<Mx<_>>().flatten().take(DNS_RECORDS_MAX));
        let mut found: Vec<_> = records
            .map(|records| {
                records
                    .map(|record| (record.data().preference(), record.data().exchange().to_string()))
                    .collect()
            })
            .unwrap_or_default();
        found.sort();
        found.into_iter().filter_map(|(_, host)| host_name(&host)).collect()
    }

    /// The first answer that one of the servers gives.
    async fn ask(&self, name: &str, kind: Rtype) -> Option<Message<Vec<u8>>> {
        let query = question(name, kind)?;
        for server in &self.0 {
            if let Ok(Some(answer)) = timeout(Duration::from_secs(DNS_SECONDS), one(*server, &query)).await {
                return (answer.header().rcode() == Rcode::NOERROR && !answer.header().tc()).then_some(answer);
            }
        }
        None
    }
}

async fn one(server: SocketAddr, query: &Message<Vec<u8>>) -> Option<Message<Vec<u8>>> {
    let own: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // A port of the system's choice and a number of ours: who is not on the way guesses both (RFC 5452). Connected: only this server is heard.
    let socket = UdpSocket::bind((own, 0)).await.ok()?;
    socket.connect(server).await.ok()?;
    socket.send(query.as_slice()).await.ok()?;
    loop {
        let mut octets = vec![0; DNS_ANSWER_MAX];
        let length = socket.recv(&mut octets).await.ok()?;
        octets.truncate(length);
        // Anything else is somebody else's, or a guess.
        if let Ok(answer) = Message::from_octets(octets)
            && answer.is_answer(query)
        {
            return Some(answer);
        }
    }
}

fn question(name: &str, kind: Rtype) -> Option<Message<Vec<u8>>> {
    let name = Name::<Vec<u8>>::from_str(name).ok()?;
    let mut id = [0; 2];
    rand::fill(&mut id).ok()?;
    let mut message = MessageBuilder::new_vec();
    message.header_mut().set_id(u16::from_ne_bytes(id));
    message.header_mut().set_rd(true);
    let mut message = message.question();
    message.push((&name, kind)).ok()?;
    Some(message.into_message())
}

/// The root means "none".
fn host_name(text: &str) -> Option<String> {
    let host = text.trim_end_matches('.').to_ascii_lowercase();
    (is_host(&host) && host.parse::<IpAddr>().is_err()).then_some(host)
}

/// resolv.conf(5); three are what libc asks too.
fn servers(text: &str) -> Vec<SocketAddr> {
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    let addresses = lines.filter_map(|rest| rest.trim().parse::<IpAddr>().ok());
    addresses.map(|ip| SocketAddr::new(ip, 53)).take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::base::Ttl;
    use domain::base::iana::Class;

    type Records = Vec<(u16, u16, u16, &'static str)>;

    /// A name server that answers one question with these, after somebody else's answer.
    async fn asked(records: Records) -> Vec<Service> {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap();
        let served = tokio::spawn(async move {
            let mut octets = [0; 512];
            let (length, from) = server.recv_from(&mut octets).await.unwrap();
            server.send_to(b"rubbish", from).await.unwrap();
            let query = Message::from_octets(octets[..length].to_vec()).unwrap();
            let mut other = octets[..length].to_vec();
            other[0] ^= 1;
            server.send_to(&other, from).await.unwrap();
            let question = query.first_question().unwrap();
            assert_eq!(question.qname().to_string(), "_imaps._tcp.b.fr");
            let mut answer = MessageBuilder::new_vec().start_answer(&query, Rcode::NOERROR).unwrap();
            for (priority, weight, port, host) in records {
                let target = Name::<Vec<u8>>::from_str(host).unwrap();
                let srv = Srv::new(priority, weight, port, target);
                answer.push((question.qname(), Class::IN, Ttl::from_secs(60), srv)).unwrap();
            }
            server.send_to(answer.into_message().as_slice(), from).await.unwrap();
        });
        let found = Resolver::of(vec![address]).services("_imaps._tcp", "b.fr").await;
        served.await.unwrap();
        found
    }

    #[tokio::test]
    async fn the_preferred_one_first_and_no_name_that_is_none() {
        let found = asked(vec![
            (20, 0, 993, "late.b.fr."),
            (10, 1, 993, "light.b.fr."),
            (10, 9, 1993, "Heavy.b.fr."),
            (0, 0, 993, "a\\032b.fr."),
            (0, 0, 0, "zero.b.fr."),
        ])
        .await;
        let names: Vec<_> = found.iter().map(|service| (service.host.as_str(), service.port)).collect();
        assert_eq!(names, [("heavy.b.fr", 1993), ("light.b.fr", 993), ("late.b.fr", 993)]);
        assert!(asked(vec![(0, 0, 0, ".")]).await.is_empty());
    }

    #[test]
    fn name_servers_as_they_are_written() {
        let text = "# x\nsearch a.fr\nnameserver 192.0.2.1\n nameserver\t::1\nnameserver nobody\noptions ndots:1\n";
        let found: Vec<String> = servers(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["192.0.2.1:53", "[::1]:53"]);
    }
}
