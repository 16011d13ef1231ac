//! The provider's responses: what passes, what a plan takes, what is learnt on the way.

use super::*;
use crate::imap::keywords;

impl Relay {
    pub(in crate::imap) fn piece(&mut self, piece: Piece, core: &mut Core) -> After {
        let ends = matches!(piece, Piece::Text { literal: None, .. });
        let piece = match self.reading {
            Reading::Between => piece,
            Reading::Passing | Reading::Looking(..) | Reading::Collecting(..) => self.flagged_later(piece, core),
        };
        match std::mem::replace(&mut self.reading, Reading::Between) {
            Reading::Between => match piece {
                Piece::Text { bytes, literal } => return self.first(Piece::Text { bytes, literal }, ends, core),
                Piece::Literal { .. } => return After::Garbled,
            },
            Reading::Passing => {
                self.pass_on(piece, ends, core);
            }
            Reading::Looking(holds, mut octets, until) => {
                let Piece::Literal { bytes, left } = piece else {
                    return After::Garbled;
                };
                octets.extend_from_slice(&bytes);
                if left > 0 && (octets.len() as u64) < until {
                    self.reading = Reading::Looking(holds, octets, until);
                } else {
                    self.reading = Reading::Passing;
                    if holds == Passing::Message {
                        core.shelf.passed(&self.account, &octets);
                    }
                    core.pass(holds.harmless(octets), Reads::Inside);
                }
            }
            Reading::Collecting(mut line, purpose) => {
                self.reserve(&line, &piece, core);
                line.push(piece);
                if line.octets() > limits::IMAP_RESPONSE_MAX {
                    return After::Garbled;
                }
                if ends {
                    self.collected(line, purpose, core);
                } else {
                    self.reading = Reading::Collecting(line, purpose);
                }
            }
        }
        After::Continue
    }

    /// The first piece of a response.
    fn first(&mut self, piece: Piece, ends: bool, core: &mut Core) -> After {
        let Piece::Text { bytes, .. } = &piece else { return After::Garbled };
        self.passes = looks::Response::Other;
        let defers = matches!(&self.work, Work::Fetch(plan, _) if plan.defers());
        if defers && matches!(&self.work, Work::Fetch(plan, _) if plan.is_overfull()) {
            return After::Garbled;
        }
        match response::look(bytes) {
            Response::Garbage => After::Garbled,
            Response::Continue(_) => {
                self.continued(bytes, core);
                After::Continue
            }
            Response::Tagged(tag, status, text) => self.tagged(tag, status, text, bytes, core),
            Response::Untagged(status, text) => {
                self.untagged(status, text, core);
                self.tell(bytes, core);
                After::Continue
            }
            Response::Capability => {
                self.tell(bytes, core);
                After::Continue
            }
            Response::Fetch(_) if self.sought_by_fetch(bytes, ends) => After::Continue,
            Response::Fetch(number) => {
                let collects = self.collects(bytes);
                let piece = self.flagged(number, piece, collects, core);
                if collects {
                    return self.collect(piece, ends, For::Answer, core);
                }
                self.passes = looks::Response::Fetch;
                self.pass_on(piece, ends, core);
                After::Continue
            }
            Response::Other => {
                if ends && !defers {
                    self.note_vanished(bytes, core);
                }
                self.note_expunged(bytes, core);
                if self.sought(bytes, ends) {
                    return After::Continue;
                }
                let piece = match self.told_otherwise(bytes) {
                    Some(bytes) => Piece::Text { bytes, literal: None },
                    None => piece,
                };
                if defers {
                    return self.collect(piece, ends, For::Deferral, core);
                }
                self.pass_on(piece, ends, core);
                After::Continue
            }
        }
    }

    fn collects(&mut self, first: &[u8]) -> bool {
        match &mut self.work {
            Work::Fetch(plan, _) => plan.collects() && !plan.lets_pass(first),
            Work::None | Work::Append(..) | Work::Seek(_) => false,
        }
    }

    /// Tells the client a line, its capabilities filtered, in its turn.
    fn tell(&mut self, line: &[u8], core: &mut Core) {
        let line = capability::rewrite(line)
            .or_else(|| keywords::permanent(line))
            .unwrap_or_else(|| line.to_vec());
        match &mut self.work {
            Work::Fetch(plan, _) if plan.defers() => plan.defer(Line::of(&line)),
            Work::None | Work::Append(..) | Work::Seek(_) | Work::Fetch(..) => core.client_owned(line),
        }
    }

    /// Passes a piece; of a message that comes whole, its octets once they are all here.
    fn pass_on(&mut self, piece: Piece, ends: bool, core: &mut Core) {
        let piece = match piece {
            Piece::Text { bytes, literal } => Piece::Text {
                bytes: self.passes.harmless(bytes),
                literal,
            },
            Piece::Literal { .. } => piece,
        };
        self.reading = match &piece {
            Piece::Text { literal: None, .. } => Reading::Between,
            Piece::Text {
                bytes,
                literal: Some(literal),
            } => match self.passes.announced(bytes) {
                Some(holds) if (1..=limits::LOOKED_AT_MAX).contains(&literal.size) => {
                    self.reserve(&Line::default(), &piece, core);
                    Reading::Looking(holds, Vec::new(), literal.size)
                }
                Some(holds) if literal.size > 0 => Reading::Looking(holds, Vec::new(), limits::LOOKED_AT_FIRST.into()),
                Some(_) | None => Reading::Passing,
            },
            Piece::Literal { .. } => Reading::Passing,
        };
        let (Piece::Text { bytes, .. } | Piece::Literal { bytes, .. }) = piece;
        core.pass(bytes, if ends { Reads::Between } else { Reads::Inside });
    }

    /// A large message is read when there is room to open it; so is what becomes large literal by literal.
    fn reserve(&mut self, line: &Line, piece: &Piece, core: &mut Core) {
        let Piece::Text {
            literal: Some(literal), ..
        } = piece
        else {
            return;
        };
        let octets = literal.size.saturating_add(line.octets() as u64);
        if octets >= limits::LARGE_MESSAGE {
            self.reserving = true;
            core.act(Action::Reserve(octets));
        }
    }

    fn collect(&mut self, piece: Piece, ends: bool, purpose: For, core: &mut Core) -> After {
        let mut line = Line::default();
        self.reserve(&line, &piece, core);
        line.push(piece);
        if ends {
            self.collected(line, purpose, core);
        } else {
            self.reading = Reading::Collecting(line, purpose);
        }
        After::Continue
    }

    fn collected(&mut self, line: Line, purpose: For, core: &mut Core) {
        let Work::Fetch(plan, waits) = &mut self.work else { return };
        if let For::Deferral = purpose {
            return plan.defer(line);
        }
        let mut out = Vec::new();
        let wants = plan.answer(line, core.shelf.as_ref(), &mut out);
        self.flags.say(out, core);
        match wants {
            None => {}
            Some(plan::Wants::Opened(key, stored)) => {
                *waits = Waits::Opened;
                core.act(Action::Open(key, stored, plan.asker()));
            }
            Some(plan::Wants::Room(octets)) => {
                *waits = Waits::Room;
                core.act(Action::Reserve(octets));
            }
        }
    }

    pub(in crate::imap) fn opened(&mut self, opened: Result<Arc<View>, Explanation>, core: &mut Core) {
        let Work::Fetch(plan, waits) = &mut self.work else { return };
        *waits = Waits::No;
        let mut out = Vec::new();
        plan.opened(opened, core.shelf.as_ref(), &mut out);
        self.flags.say(out, core);
    }

    fn continued(&mut self, line: &[u8], core: &mut Core) {
        match self.sending.awaited.take() {
            Some(literal) => {
                core.upstream(literal);
                self.send(core);
                self.ask(core);
                self.advance(core);
            }
            // Also when DONE has overtaken it: who sent both at once still reads it.
            None if self.idling().is_some() => core.client(line),
            None => {}
        }
    }

    fn untagged(&mut self, status: Status, text: &[u8], core: &mut Core) {
        if status == Status::Bye {
            self.leaving = true;
        }
        let choosing = self.outstanding.iter().find_map(|o| match &o.what {
            What::Select(name, access) => Some((name.clone(), *access)),
            _ => None,
        });
        let uid_next = response::code_number(text, "UIDNEXT");
        match (choosing, response::code_number(text, "UIDVALIDITY")) {
            (Some((name, access)), Some(uidvalidity)) => {
                // Numbers of another mailbox.
                self.flags.forget_numbers();
                self.opening.mailbox = self.mailbox(&name, access, uidvalidity, core);
            }
            (None, Some(uidvalidity)) => {
                let selected = self.selected.take();
                self.selected = selected.and_then(|s| self.mailbox(&s.mailbox.name, s.access, uidvalidity, core));
            }
            (Some(_), None) => self.opening.uid_next = uid_next.or(self.opening.uid_next),
            (None, None) => {
                if let Some(selected) = &mut self.selected {
                    selected.uid_next = selected.uid_next.max(uid_next);
                }
            }
        }
    }

    /// Where UIDs name nothing for good nothing can be said of a message, and none is opened (RFC 9051 §6.3.2).
    fn mailbox(&self, name: &str, access: Access, uidvalidity: u32, core: &Core) -> Option<Selected> {
        let mailbox = Mailbox {
            account: Arc::clone(&self.account),
            name: name.into(),
            uidvalidity,
        };
        (uidvalidity > 0).then(|| Selected {
            classes: core.memory.mailbox(&mailbox),
            mailbox,
            access,
            uid_next: None,
            read: None,
        })
    }

    fn tagged(&mut self, tag: &[u8], status: Status, text: &[u8], line: &[u8], core: &mut Core) -> After {
        if let Work::Fetch(plan, _) = &mut self.work
            && tag == TAG.as_bytes()
        {
            let mut out = Vec::new();
            let next = plan.completed(status, text, core.shelf.as_ref(), &mut out);
            self.flags.say(out, core);
            self.next(next, core);
            return After::Continue;
        }
        if self.has_asked(tag) {
            self.asked(tag, status, text, core);
            return After::Continue;
        }
        let Some(at) = self.outstanding.iter().position(|o| o.tag.as_bytes() == tag) else {
            return After::Garbled;
        };
        let Some(outstanding) = self.outstanding.remove(at) else {
            return After::Garbled;
        };
        if at == self.outstanding.len() && self.sending.awaited.take().is_some() {
            self.sending.fragments.clear();
        }
        if !matches!(outstanding.what, What::Ours) {
            core.client_owned(capability::rewrite(line).unwrap_or_else(|| line.to_vec()));
        }
        match outstanding.what {
            What::Select(_, access) => self.chosen(access, status, text),
            What::Close if status == Status::Ok => self.selected = None,
            What::Logout if status == Status::Ok => return After::Close,
            What::Unnamed(mailbox, inside) if status == Status::Ok => core.shelf.unnamed(&self.account, &mailbox, inside),
            What::Close | What::Logout | What::Unnamed(..) | What::Idle(_) | What::Ours | What::Other => {}
        }
        self.advance(core);
        After::Continue
    }

    fn chosen(&mut self, access: Access, status: Status, text: &[u8]) {
        let Opening { mailbox, uid_next } = std::mem::take(&mut self.opening);
        if status == Status::Bad {
            return;
        }
        let access = if response::has_code(text, "READ-ONLY") {
            Access::Read
        } else {
            access
        };
        if mailbox.is_none() {
            self.flags.forget_numbers();
        }
        let mailbox = mailbox.filter(|_| status == Status::Ok);
        self.selected = mailbox.map(|mailbox| Selected {
            access,
            uid_next,
            ..mailbox
        });
    }
}
