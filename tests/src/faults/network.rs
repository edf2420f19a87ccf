//! The network of a run: each node in a network namespace of its own, all plugged into one bridge, so that a node can be
//! cut off from everything at once and without a word, as when somebody pulls a cable.

use std::net::Ipv4Addr;
use std::process::Command;

use mainstay_testing::{iproute, require};

/// Why there is no network of namespaces.
pub type Refused = String;

/// A bridge with the namespaces that are plugged into it. All of it is gone when the value is dropped.
#[derive(Debug)]
pub struct Network {
    bridge: String,
    prefix: [u8; 3],
    namespaces: Vec<Namespace>,
}

/// Where a node lives.
#[derive(Debug, Clone)]
pub struct Namespace {
    /// The namespace's name.
    pub name: String,
    /// The address of the node.
    pub address: Ipv4Addr,
    /// The end of its cable that is plugged into the bridge.
    plug: String,
    bridge: String,
}

impl Network {
    /// Lays a network for so many nodes.
    ///
    /// # Errors
    /// Says why not: network namespaces are Linux's, and need root and a kernel that lets it.
    ///
    /// # Panics
    /// When the program `ip` is missing and `MAINSTAY_REQUIRE_ALL=1`: a machine that lacks it can be mended, a kernel
    /// that refuses cannot.
    pub fn lay(nodes: usize) -> Result<Self, Refused> {
        let Some(_) = require(iproute()) else {
            return Err("the program ip is not installed".to_owned());
        };
        let run = std::process::id();
        let [.., high, low] = run.to_be_bytes();
        let mut network = Self {
            bridge: format!("ms{run}"),
            // Of the range that is kept for such experiments (RFC 2544), so that nothing real is hidden.
            prefix: [198, 18 + (high & 1), low],
            namespaces: Vec::new(),
        };
        let gateway = network.gateway();
        let bridge = network.bridge.clone();
        ip(&["link", "add", &bridge, "type", "bridge"])?;
        ip(&["addr", "add", &format!("{gateway}/24"), "dev", &bridge])?;
        ip(&["link", "set", &bridge, "up"])?;
        for number in 0..nodes {
            network.plug_in(number)?;
        }
        Ok(network)
    }

    fn plug_in(&mut self, number: usize) -> Result<(), Refused> {
        let run = std::process::id();
        let [a, b, c] = self.prefix;
        let last = u8::try_from(number + 2).map_err(|_| "too many nodes")?;
        let namespace = Namespace {
            name: format!("mainstay-{run}-{number}"),
            address: Ipv4Addr::new(a, b, c, last),
            plug: format!("ms{run}p{number}"),
            bridge: self.bridge.clone(),
        };
        let (name, plug) = (namespace.name.clone(), namespace.plug.clone());
        let address = format!("{}/24", namespace.address);
        let inside = format!("ms{run}i{number}");
        ip(&["netns", "add", &name])?;
        self.namespaces.push(namespace.clone());
        ip(&[
            "link", "add", &plug, "type", "veth", "peer", "name", &inside,
        ])?;
        ip(&["link", "set", &inside, "netns", &name])?;
        ip(&["-n", &name, "addr", "add", &address, "dev", &inside])?;
        ip(&["-n", &name, "link", "set", &inside, "up"])?;
        ip(&["-n", &name, "link", "set", "lo", "up"])?;
        ip(&["link", "set", &plug, "up"])?;
        namespace.plug()
    }

    /// Where the nodes find everybody else.
    #[must_use]
    pub fn gateway(&self) -> Ipv4Addr {
        let [a, b, c] = self.prefix;
        Ipv4Addr::new(a, b, c, 1)
    }

    /// The namespace of a node.
    #[must_use]
    pub fn namespace(&self, number: usize) -> Option<&Namespace> {
        self.namespaces.get(number)
    }
}

impl Namespace {
    /// Pulls the cable: nothing comes through any more, and nobody is told.
    ///
    /// # Errors
    /// Says what `ip` said.
    pub fn pull(&self) -> Result<(), Refused> {
        ip(&["link", "set", &self.plug, "nomaster"])
    }

    /// Plugs it in.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub fn plug(&self) -> Result<(), Refused> {
        ip(&["link", "set", &self.plug, "master", &self.bridge])
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // What was not made cannot be removed, which is no harm.
        for namespace in &self.namespaces {
            let _ = ip(&["link", "del", &namespace.plug]);
            let _ = ip(&["netns", "del", &namespace.name]);
        }
        let _ = ip(&["link", "del", &self.bridge]);
    }
}

fn ip(arguments: &[&str]) -> Result<(), Refused> {
    let said = |what: String| format!("ip {}: {what}", arguments.join(" "));
    let output = Command::new("ip").args(arguments).output();
    let output = output.map_err(|error| said(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(said(error.trim().to_owned()))
}
