//! Who may ask how often, from where, and what every answer says to the browser.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use ipnet::IpNet;

use crate::base::digest::Digest;

/// Bits of an IPv6 address that one customer of a provider has: those after them cost nothing.
const IPV6_NETWORK: usize = 8;
/// Longest `X-Forwarded-For` that is read, in addresses: nobody has more proxies.
const MOST_HOPS: usize = 20;

type Limiter<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

/// Limits of requests by network address and by link.
pub(super) struct Limits {
    by_address: Limiter<IpAddr>,
    by_link: Limiter<Digest>,
}

impl Limits {
    /// Makes limits of so many requests a minute, all of which may come at once.
    pub(super) fn new(per_address: u32, per_link: u32) -> Self {
        let quota = |number: u32| Quota::per_minute(NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN));
        Self { by_address: RateLimiter::keyed(quota(per_address)), by_link: RateLimiter::keyed(quota(per_link)) }
    }

    /// Tells whether an address may ask once more.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        self.by_address.check_key(&network(address)).is_ok()
    }

    /// Tells whether a link may be asked for once more.
    pub(super) fn admits_link(&self, link: &Digest) -> bool {
        self.by_link.check_key(link).is_ok()
    }

    /// Forgets whoever has not asked for a while.
    pub(super) fn forget(&self) {
        self.by_address.retain_recent();
        self.by_link.retain_recent();
    }
}

/// An address as it is counted: of IPv6 the network of a customer.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[IPV6_NETWORK..].fill(0);
            IpAddr::V6(octets.into())
        }
    }
}

/// Where a request comes from: the other end of the line, or behind proxies that are believed the last address before them.
pub(super) fn origin_of(peer: SocketAddr, headers: &HeaderMap, proxies: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut address = peer.ip().to_canonical();
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect::<Vec<_>>();
    let hops = lines.iter().flat_map(|line| line.split(',')).collect::<Vec<_>>();
    // From the nearest to the farthest; whoever is no proxy of ours could have written what stands before.
    for hop in hops.iter().rev().take(MOST_HOPS) {
        if !is_proxy(&address) {
            break;
        }
        let Ok(before) = hop.trim().parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

/// Tells whether a form was sent from a page of ours, as far as the browser says.
///
/// With `Referrer-Policy: no-referrer` browsers send `Origin: null` from our own pages (Fetch, section 3.2), so `Sec-Fetch-Site` is what
/// tells them from others. The nonce of the page is what protects; this is a second lock.
pub(super) fn is_own_form(headers: &HeaderMap, origin: &str) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let is_own_origin = text("origin").is_none_or(|said| said == "null" || said == origin);
    let is_own_site = text("sec-fetch-site").is_none_or(|said| said == "same-origin");
    is_own_origin && is_own_site
}

/// What every answer says to the browser.
pub(super) fn dress(headers: &mut HeaderMap, is_https: bool) {
    const POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, POLICY);
    set(header::REFERRER_POLICY, "no-referrer");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::CACHE_CONTROL, "no-store");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()");
    set(HeaderName::from_static("x-robots-tag"), "noindex, nofollow");
    if is_https {
        set(header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
}

#[cfg(test)]
mod tests {
    use super::{IpNet, Limits, is_own_form, network, origin_of};
    use axum::http::HeaderMap;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).fold(HeaderMap::new(), |mut map, (name, value)| {
            map.append::<axum::http::HeaderName>(name, value);
            map
        })
    }

    #[test]
    fn only_a_proxy_of_ours_is_believed() {
        let proxies: Vec<IpNet> = vec!["127.0.0.1/32".parse().unwrap(), "10.0.0.0/8".parse().unwrap()];
        let peer = |text: &str| format!("{text}:9").parse().unwrap();
        let forwarded = headers(&[("x-forwarded-for", "203.0.113.9, 198.51.100.7"), ("x-forwarded-for", "10.1.1.1")]);
        let from = |peer, headers: &HeaderMap, proxies: &[IpNet]| origin_of(peer, headers, proxies).to_string();
        assert_eq!(from(peer("192.0.2.1"), &forwarded, &proxies), "192.0.2.1", "a stranger says what it likes");
        assert_eq!(from(peer("127.0.0.1"), &forwarded, &[]), "127.0.0.1", "nobody is believed unless named");
        assert_eq!(from(peer("127.0.0.1"), &forwarded, &proxies), "198.51.100.7", "the one before our proxies, not what it claims");
        assert_eq!(from(peer("127.0.0.1"), &headers(&[("x-forwarded-for", "unknown")]), &proxies), "127.0.0.1");
    }

    #[test]
    fn form_of_another_site_is_refused() {
        let own = "https://sign.example";
        for (pairs, expected) in [
            (vec![], true),
            (vec![("origin", "https://sign.example"), ("sec-fetch-site", "same-origin")], true),
            (vec![("origin", "null"), ("sec-fetch-site", "same-origin")], true),
            (vec![("origin", "null"), ("sec-fetch-site", "cross-site")], false),
            (vec![("origin", "https://sign.example.evil.example")], false),
            (vec![("sec-fetch-site", "same-site")], false),
        ] {
            assert_eq!(is_own_form(&headers(&pairs), own), expected, "{pairs:?}");
        }
    }

    #[test]
    fn limits_count_a_network_as_one() {
        let limits = Limits::new(2, 1);
        let [one, other, far] = ["2001:db8::1", "2001:db8::2", "2001:db9::1"].map(|text| text.parse().unwrap());
        assert_eq!(network(one), network(other));
        assert_eq!([limits.admits(one), limits.admits(other), limits.admits(one), limits.admits(far)], [true, true, false, true]);
    }
}
