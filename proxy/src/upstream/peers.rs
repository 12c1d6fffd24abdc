//! The addresses that the name of the upstream leads to, the one in use first.

use std::net::SocketAddr;
use std::sync::{Arc, PoisonError, RwLock};

use pingora::upstreams::peer::HttpPeer;

/// All peers; the first is in use.
#[derive(Default)]
pub(super) struct Peers(RwLock<Vec<Arc<HttpPeer>>>);

impl Peers {
    /// The one in use; `None` as long as the name never led anywhere.
    pub(super) fn current(&self) -> Option<Arc<HttpPeer>> {
        let peers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        peers.first().cloned()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Notes what the name leads to now. Peers that are still there keep their order, so that
    /// a name with many addresses does not move requests about.
    pub(super) fn update(&self, addresses: &[SocketAddr], make: impl Fn(SocketAddr) -> HttpPeer) {
        let mut peers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        peers.retain(|peer| {
            peer._address
                .as_inet()
                .is_some_and(|a| addresses.contains(a))
        });
        for address in addresses {
            if !peers
                .iter()
                .any(|peer| peer._address.as_inet() == Some(address))
            {
                peers.push(Arc::new(make(*address)));
            }
        }
    }

    /// Notes that no connection to a peer was possible: from now on another is in use. Says
    /// whether there is another.
    pub(super) fn leave(&self, failed: &HttpPeer) -> bool {
        let mut peers = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if peers.len() < 2 {
            return false;
        }
        // Another request may have left it already.
        if peers[0]._address == failed._address {
            peers.rotate_left(1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        ([127, 0, 0, 1], port).into()
    }

    fn peers(ports: &[u16]) -> Peers {
        let peers = Peers::default();
        update(&peers, ports);
        peers
    }

    fn update(peers: &Peers, ports: &[u16]) {
        let addresses: Vec<SocketAddr> = ports.iter().copied().map(address).collect();
        peers.update(&addresses, |a| HttpPeer::new(a, false, String::new()));
    }

    fn current(peers: &Peers) -> Option<SocketAddr> {
        peers
            .current()
            .map(|peer| *peer._address.as_inet().unwrap())
    }

    #[test]
    fn the_peer_in_use_stays_while_the_name_still_leads_to_it() {
        let peers = peers(&[1, 2]);
        update(&peers, &[3, 1]);
        assert_eq!(current(&peers), Some(address(1)));
        update(&peers, &[3]);
        assert_eq!(current(&peers), Some(address(3)));
        assert_eq!(peers.count(), 1);
    }

    #[test]
    fn a_peer_that_cannot_be_reached_is_left_once_for_all_requests() {
        let peers = peers(&[1, 2]);
        let first = peers.current().unwrap();
        assert!(peers.leave(&first));
        assert_eq!(current(&peers), Some(address(2)));
        assert!(
            peers.leave(&first),
            "a slower request does not turn it back"
        );
        assert_eq!(current(&peers), Some(address(2)));
    }

    #[test]
    fn a_single_peer_is_never_left() {
        let peers = peers(&[1]);
        assert!(!peers.leave(&peers.current().unwrap()));
        assert_eq!(current(&Peers::default()), None);
    }
}
