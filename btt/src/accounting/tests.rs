//! Which publishers have gone, as the accounts tell it.

use super::accounts::Accounts;
use super::lives::Origin;
use super::stats::Stats;
use blendtorch_transport::Address;
use blendtorch_wire::{Kind, Message};

struct Books(Accounts, Stats, Address);

impl Books {
    fn new() -> Self {
        let address = "tcp://127.0.0.1:1".parse().unwrap();
        Self(Accounts::default(), Stats::default(), address)
    }

    fn take(&mut self, message: &Message, peer: usize, connection: u64) {
        let origin = Origin {
            address: &self.2,
            peer,
            connection,
        };
        if message.header.kind == Kind::End {
            self.0.enter_end(&message.header, origin, &mut self.1);
        } else {
            assert!(self.0.enter(&message.header, origin, &mut self.1));
        }
    }

    /// The publishers that have gone, when these addresses have somebody.
    fn gone(&mut self, present: &[bool]) -> Vec<u64> {
        self.0.note(present, 0, &mut self.1);
        let gone = self.1.publishers.iter().filter(|one| one.unfinished);
        let gone: Vec<_> = gone.map(|one| one.publisher).collect();
        assert_eq!(self.1.unfinished, gone.len() as u64);
        gone
    }
}

#[test]
fn who_is_disconnected_without_an_end_has_gone_until_it_is_back() {
    let mut books = Books::new();
    books.take(&Message::data(10, 0), 0, 1);
    books.take(&Message::data(11, 0), 1, 1);
    assert!(books.gone(&[true, true]).is_empty());
    assert_eq!(books.gone(&[true, false]), [11]);
    books.take(&Message::data(11, 1), 1, 2);
    assert!(books.gone(&[true, true]).is_empty());
    books.take(&Message::end(11, 2), 1, 2);
    assert!(books.gone(&[true, false]).is_empty(), "it has said its end");
}

#[test]
fn who_is_followed_by_another_has_gone() {
    let mut books = Books::new();
    books.take(&Message::data(10, 0), 0, 1);
    books.take(&Message::data(20, 0), 0, 2);
    books.take(&Message::end(20, 1), 0, 2);
    assert_eq!(books.gone(&[true]), [10]);
}

#[test]
fn who_comes_through_one_connection_lives_side_by_side() {
    let mut books = Books::new();
    for publisher in [10, 20, 30] {
        books.take(&Message::data(publisher, 0), 0, 1);
    }
    assert!(books.gone(&[true]).is_empty());
    // The proxy was connected anew: who is still there is heard.
    books.take(&Message::data(40, 0), 0, 2);
    books.take(&Message::data(20, 1), 0, 2);
    assert_eq!(books.gone(&[true]), [10, 30]);
}

#[test]
fn an_end_that_comes_late_takes_it_back_at_once() {
    let mut books = Books::new();
    books.take(&Message::data(10, 0), 0, 1);
    assert_eq!(books.gone(&[false]), [10]);
    books.take(&Message::end(10, 1), 0, 1);
    assert_eq!((books.1.unfinished, books.1.ended), (0, 1));
}
