//! What a guest's sockets do: ports, errors, long datagrams, crashes, time.

use std::cell::RefCell;
use std::future::Future;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use icelab_sim::link::Bitrate;
use icelab_sim::{DirectionConfig, HostConfig, LinkConfig, Network, What};
use icelab_turmoil::{Failure, Host, Lab, NotBuilt, UdpSocket};
use tokio::time::{sleep, timeout};

use crate::{Seen, config};

/// alice and bob on the internet, each behind a link of this delay, with nobody on them yet.
fn pair(delay: Duration) -> Lab<'static> {
    let direction = DirectionConfig {
        delay,
        rate: Some(Bitrate::from_mbit(1_000)),
        ..DirectionConfig::default()
    };
    let link = LinkConfig::symmetric(direction);
    let mut network = Network::new();
    for name in ["alice", "bob"] {
        network.host(name, HostConfig::behind("internet").with_link(&link));
    }
    Lab::new(&network, config(1)).unwrap()
}

fn at(lab: &Lab<'_>, name: &str, port: u16) -> SocketAddr {
    let node = lab.simulation().node(name).unwrap();
    SocketAddr::new(lab.simulation().address(node).unwrap(), port)
}

/// Lets code run on a host that may write lines.
fn run<Running>(
    lab: &mut Lab<'static>,
    name: &str,
    software: impl Fn(Host, Seen) -> Running + 'static,
) -> Seen
where
    Running: Future<Output = turmoil::Result> + 'static,
{
    let seen = Seen::default();
    let notes = seen.clone();
    lab.host(name, move |host| software(host, notes.clone())).unwrap();
    seen
}

fn say(seen: &Seen, line: impl ToString) {
    seen.borrow_mut().push(line.to_string());
}

fn echo(lab: &mut Lab<'static>, name: &str, local: SocketAddr) -> Seen {
    run(lab, name, move |host, seen| async move {
        let socket = host.bind(local).await?;
        loop {
            let datagram = socket.recv().await?;
            say(&seen, format!("{} bytes", datagram.payload.len()));
            socket.send_to(&datagram.payload, datagram.source)?;
        }
    })
}

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn what_cannot_be_bound_says_why() {
    let mut lab = pair(MILLISECOND);
    let (own, others) = (at(&lab, "alice", 4000), at(&lab, "bob", 4000));
    let seen = run(&mut lab, "alice", move |host, seen| async move {
        let everywhere: SocketAddr = "0.0.0.0:4000".parse()?;
        let held = host.bind(everywhere).await?;
        for local in [own, everywhere, others] {
            say(&seen, format!("{:?}", host.bind(local).await.unwrap_err().kind()));
        }
        drop(held);
        sleep(Duration::from_millis(20)).await;
        say(&seen, host.bind(own).await?.local_addr() == own);
        Ok(())
    });
    lab.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!(seen.take(), ["AddrInUse", "AddrInUse", "AddrNotAvailable", "true"]);
}

#[test]
fn a_bind_that_is_given_up_leaves_the_port_free() {
    let mut lab = pair(Duration::from_millis(8));
    let local = at(&lab, "alice", 4000);
    let seen = run(&mut lab, "alice", move |host, seen| async move {
        for wait in [0, 1, 7, 8, 9] {
            // Cancelled before its answer, with it, or in time.
            drop(timeout(Duration::from_millis(wait), host.bind(local)).await);
            sleep(Duration::from_millis(50)).await;
            let again = host.bind(local).await?;
            say(&seen, again.local_addr().port());
            drop(again);
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    });
    lab.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!(seen.take(), ["4000"; 5]);
}

#[test]
fn a_socket_of_every_address_hears_what_is_sent_to_one_of_them() {
    let mut lab = pair(MILLISECOND);
    let bob = at(&lab, "bob", 7);
    echo(&mut lab, "bob", "0.0.0.0:7".parse().unwrap());
    let seen = run(&mut lab, "alice", move |host, seen| async move {
        let socket = host.bind("0.0.0.0:0".parse()?).await?;
        sleep(Duration::from_millis(20)).await;
        socket.send_to(b"hello", bob)?;
        let mut buffer = [0; 3];
        let (length, from) = socket.recv_from(&mut buffer).await?;
        say(&seen, format!("{length} bytes, from bob: {}", from == bob));
        Ok(())
    });
    lab.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!(seen.take(), ["3 bytes, from bob: true"]);
}

#[test]
fn a_connected_socket_is_told_that_nobody_listens_and_another_one_is_not() {
    let mut lab = pair(MILLISECOND);
    let nobody = at(&lab, "bob", 9);
    let listening = at(&lab, "bob", 7);
    echo(&mut lab, "bob", listening);
    let seen = run(&mut lab, "alice", move |host, seen| async move {
        let local = SocketAddr::new(host.address().ok_or("no address")?, 0);
        let (free, connected) = (host.bind(local).await?, host.bind(local).await?);
        say(&seen, format!("{:?}", connected.send(b"x").unwrap_err().kind()));
        connected.connect(nobody)?;
        free.send_to(b"x", nobody)?;
        connected.send(b"x")?;
        say(&seen, format!("{:?}", connected.recv().await.unwrap_err().kind()));
        connected.send(b"x")?;
        sleep(Duration::from_millis(20)).await;
        // Who only sends is told by the next send.
        say(&seen, format!("{:?}", connected.send(b"x").unwrap_err().kind()));
        say(&seen, timeout(Duration::from_millis(100), free.recv()).await.is_err());
        // And a connected one hears its peer alone.
        let bob = SocketAddr::new(nobody.ip(), 7);
        free.connect(nobody)?;
        free.send_to(b"x", bob)?;
        say(&seen, timeout(Duration::from_millis(100), free.recv()).await.is_err());
        free.connect(bob)?;
        free.send(b"x")?;
        say(&seen, free.recv().await?.source == bob);
        Ok(())
    });
    lab.run_for(Duration::from_secs(1)).unwrap();
    let refused = "ConnectionRefused";
    assert_eq!(seen.take(), ["NotConnected", refused, refused, "true", "true", "true"]);
}

#[test]
fn a_long_datagram_arrives_whole_and_a_longer_one_is_refused_at_once() {
    let mut lab = pair(MILLISECOND);
    let bob = at(&lab, "bob", 7);
    let heard = echo(&mut lab, "bob", bob);
    let seen = run(&mut lab, "alice", move |host, seen| async move {
        let socket = host.bind(SocketAddr::new(host.address().ok_or("no address")?, 0)).await?;
        sleep(Duration::from_millis(20)).await;
        for length in [65_507, 65_508] {
            let sent = socket.send_to(&vec![7; length], bob);
            say(&seen, format!("{:?}", sent.map_err(|error| error.kind())));
        }
        say(&seen, socket.recv().await?.payload == [7; 65_507]);
        let v6: SocketAddr = "[2001:db8::1]:7".parse()?;
        say(&seen, format!("{:?}", socket.send_to(b"x", v6).unwrap_err().kind()));
        Ok(())
    });
    lab.run_for(Duration::from_secs(1)).unwrap();
    assert_eq!(seen.take(), ["Ok(65507)", "Err(InvalidInput)", "true", "InvalidInput"]);
    assert_eq!(heard.take(), ["65507 bytes"]);
}

#[test]
fn who_sends_without_ever_waiting_runs_out_of_room_and_not_of_memory() {
    let mut lab = pair(MILLISECOND);
    let bob = at(&lab, "bob", 7);
    let seen = run(&mut lab, "alice", move |host, seen| async move {
        let socket = host.bind(SocketAddr::new(host.address().ok_or("no address")?, 0)).await?;
        let error = loop {
            if let Err(error) = socket.send_to(b"x", bob) {
                break error;
            }
        };
        say(&seen, format!("{:?}", error.kind()));
        sleep(Duration::from_millis(5)).await;
        say(&seen, socket.send_to(b"x", bob).is_ok());
        Ok(())
    });
    lab.run_for(Duration::from_millis(100)).unwrap();
    assert_eq!(seen.take(), ["OutOfMemory", "true"]);
}

#[test]
fn a_crash_loses_what_is_on_the_way_to_the_host_and_nothing_that_it_has_sent() {
    let run = || {
        let mut lab = pair(Duration::from_millis(20));
        let bob = at(&lab, "bob", 7);
        let heard = echo(&mut lab, "bob", bob);
        let seen = run(&mut lab, "alice", move |host, seen| async move {
            let socket = host.bind(SocketAddr::new(host.address().ok_or("no address")?, 0)).await?;
            // At 100 ms, 120 ms, 140 ms and so on; each is at bob 40 ms later, and back after 80 ms.
            for number in 5..20_u8 {
                let next = Duration::from_millis(20 * u64::from(number));
                sleep(next - host.now().since_start()).await;
                socket.send_to(&[number], bob)?;
                while let Ok(answer) = timeout(MILLISECOND, socket.recv()).await {
                    say(&seen, answer?.payload[0]);
                }
            }
            Ok(())
        });
        lab.run_for(Duration::from_millis(170)).unwrap();
        // Numbers 5 and 6 are answered, 7 and 8 are on their way.
        lab.crash("bob");
        lab.crash("bob");
        lab.run_for(Duration::from_millis(50)).unwrap();
        lab.bounce("bob");
        lab.run_for(Duration::from_millis(300)).unwrap();
        let entries = lab.simulation().record().entries();
        let down = entries
            .filter(|entry| {
                let what = &entry.as_ref().unwrap().what;
                matches!(what, What::Dropped { reason, .. } if reason == "host-down")
            })
            .count();
        (heard.take().len(), seen.take(), down, lab.simulation().record().hash())
    };
    let (_, seen, down, _) = run();
    let answered: Vec<u8> = seen.iter().map(|line| line.parse().unwrap()).collect();
    assert!(answered.starts_with(&[5, 6]), "{answered:?}");
    assert!(!answered.contains(&7) && answered.contains(&14), "{answered:?}");
    assert!((2..4).contains(&down), "{down} lost");
    assert_eq!(run(), run());
}

#[test]
fn a_socket_that_outlives_its_host_is_of_no_use_and_does_no_harm() {
    let mut lab = pair(MILLISECOND);
    let bob = at(&lab, "bob", 7);
    let kept: Rc<RefCell<Vec<Rc<UdpSocket>>>> = Rc::default();
    let (seen, keep) = (Seen::default(), kept.clone());
    let notes = seen.clone();
    lab.host("bob", move |host| {
        let (keep, notes) = (keep.clone(), notes.clone());
        async move {
            let socket = Rc::new(host.bind(bob).await?);
            keep.borrow_mut().push(socket.clone());
            loop {
                let datagram = socket.recv().await?;
                say(&notes, format!("{} in life {}", datagram.payload.len(), host.boots()));
            }
        }
    })
    .unwrap();
    run(&mut lab, "alice", move |host, _| async move {
        let socket = host.bind(SocketAddr::new(host.address().ok_or("no address")?, 0)).await?;
        loop {
            sleep(Duration::from_millis(100)).await;
            socket.send_to(b"x", bob)?;
        }
    });
    lab.run_for(Duration::from_millis(150)).unwrap();
    lab.bounce("bob");
    lab.run_for(Duration::from_millis(20)).unwrap();
    let old = kept.borrow_mut().remove(0);
    assert_eq!(old.send_to(b"x", bob).unwrap_err().kind(), ErrorKind::ConnectionAborted);
    drop(old);
    lab.run_for(Duration::from_millis(100)).unwrap();
    assert_eq!(seen.take(), ["1 in life 1", "1 in life 2"]);
}

#[test]
fn an_arrival_is_seen_at_the_next_whole_millisecond_however_long_a_tick_is() {
    // Twice the delay and the time for the bits of 33 bytes.
    for (delay, tick, seen_after) in
        [(1_000, 1, 3), (2_400, 2, 5), (7_300, 7, 15), (30_000, 10, 61)]
    {
        let mut lab = pair(Duration::from_micros(delay));
        assert_eq!(lab.tick().duration(), Duration::from_millis(tick));
        let bob = at(&lab, "bob", 7);
        let heard = run(&mut lab, "bob", move |host, seen| async move {
            let socket = host.bind(bob).await?;
            loop {
                let sent = socket.recv().await?.payload[0];
                let now = host.now().since_start();
                assert_eq!(now.subsec_nanos() % 1_000_000, 0);
                say(&seen, now.as_millis() - u128::from(sent));
            }
        });
        run(&mut lab, "alice", move |host, _| async move {
            let socket = host.bind(SocketAddr::new(host.address().ok_or("no address")?, 0)).await?;
            for millis in 100..120_u8 {
                sleep(Duration::from_millis(millis.into()) - host.now().since_start()).await;
                socket.send_to(&[millis, 0, 0, 0, 0], bob)?;
            }
            Ok(())
        });
        lab.run_for(Duration::from_millis(300)).unwrap();
        assert_eq!(heard.take(), vec![seen_after.to_string(); 20], "{delay} us");
    }
}

#[test]
fn a_run_ends_at_its_limit() {
    let mut lab = pair(MILLISECOND);
    run(&mut lab, "alice", |_, _| std::future::pending());
    lab.run_for(Duration::from_secs(60)).unwrap();
    let failure = lab.run_for(MILLISECOND).unwrap_err();
    assert!(matches!(failure, Failure::Limit(_)), "{failure}");
}

#[test]
fn a_guest_that_fails_fails_the_run() {
    let mut lab = pair(MILLISECOND);
    run(&mut lab, "alice", |_, _| async { Err("no way".into()) });
    let failure = lab.run_for(Duration::from_secs(1)).unwrap_err();
    assert!(failure.to_string().contains("no way"), "{failure}");
}

#[test]
fn software_runs_on_hosts_and_on_each_only_once() {
    let mut lab = pair(MILLISECOND);
    run(&mut lab, "alice", |_, _| std::future::pending());
    let software = |_| std::future::pending();
    let twice = lab.host("alice", software).unwrap_err();
    assert!(matches!(twice, NotBuilt::Occupied(_)), "{twice}");
    for name in ["internet", "carol"] {
        let nowhere = lab.host(name, software).unwrap_err();
        assert!(matches!(nowhere, NotBuilt::NoSuchHost(_)), "{nowhere}");
    }
}
