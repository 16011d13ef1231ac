//! The client's commands: what begins, what waits, what passes.

use super::*;
use crate::imap::keywords;

impl Relay {
    pub(in crate::imap) fn command(&mut self, command: Command, core: &mut Core) {
        self.queued_octets += command.line.octets();
        self.queue.push_back(Queued::Command(command));
        self.advance(core);
    }

    pub(in crate::imap) fn done(&mut self, core: &mut Core) {
        self.queue.push_back(Queued::Done);
        self.advance(core);
    }

    pub(in crate::imap) fn refused(&mut self, tag: String, refusal: Refusal, core: &mut Core) {
        self.queue.push_back(Queued::Refused(tag, refusal));
        self.advance(core);
    }

    /// Begins what can begin, in order.
    pub(super) fn advance(&mut self, core: &mut Core) {
        while matches!(self.work, Work::None) && self.sending.awaited.is_none() && self.idling() != Some(true) {
            match self.queue.pop_front() {
                None => return,
                Some(Queued::Done) => self.end_idle(core),
                Some(Queued::Refused(tag, refusal)) => core.refuse(&tag, refusal),
                Some(Queued::Command(command)) => {
                    let octets = command.line.octets();
                    if let Some(command) = self.begin(command, core) {
                        return self.queue.push_front(Queued::Command(command));
                    }
                    self.queued_octets -= octets;
                }
            }
        }
    }

    fn end_idle(&mut self, core: &mut Core) {
        // A DONE after the provider has ended IDLE by itself has nothing to end.
        for outstanding in &mut self.outstanding {
            if let What::Idle(done @ false) = &mut outstanding.what {
                *done = true;
                core.upstream(b"DONE\r\n".to_vec());
            }
        }
    }

    /// Begins a command, or hands it back when it must wait.
    fn begin(&mut self, command: Command, core: &mut Core) -> Option<Command> {
        if self.idling().is_some() {
            core.refuse(&command.tag, Refusal::Unreadable);
            return None;
        }
        match command.verb {
            Verb::Refused | Verb::StartTls | Verb::Login | Verb::Authenticate => {
                core.answer(&command.tag, "BAD", "CANNOT", &text::refused_command())
            }
            Verb::Fetch(by) => return self.fetch(by, command, core),
            Verb::Append => return self.append(command, core),
            Verb::Seek(by, seeking) => return self.seek(by, seeking, command, core),
            Verb::Enable => self.enable(command, core),
            Verb::Select(access) => match command.mailbox() {
                Some(mailbox) => self.pass(command, What::Select(mailbox, access), core),
                None => core.refuse(&command.tag, Refusal::Unreadable),
            },
            Verb::Close => self.pass(command, What::Close, core),
            Verb::Logout => self.pass(command, What::Logout, core),
            Verb::Idle => self.pass(command, What::Idle(false), core),
            Verb::Pass => {
                let what = command
                    .unnamed()
                    .map_or(What::Other, |(mailbox, inside)| What::Unnamed(mailbox, inside));
                let line = keywords::store(&command.line).unwrap_or(command.line);
                self.pass(Command { line, ..command }, what, core);
            }
            Verb::Capability | Verb::Noop | Verb::Id => self.pass(command, What::Other, core),
        }
        None
    }

    pub(super) fn pass(&mut self, command: Command, what: What, core: &mut Core) {
        self.outstanding.push_back(Outstanding { tag: command.tag, what });
        self.sending.fragments = command.line.fragments();
        self.send(core);
    }

    /// Sends up to the next literal that the provider must ask for (RFC 7888). A message always waits: a provider that
    /// refuses the rest of the command may read what flows after it as commands, and a stranger wrote them.
    pub(super) fn send(&mut self, core: &mut Core) {
        while let Some(Fragment { text, literal }) = self.sending.fragments.pop_front() {
            core.upstream(text);
            let Some((literal, sync)) = literal else { return };
            let flows = sync == Sync::Flows && self.capabilities.literal_flows(literal.len());
            core.upstream(format!("{{{}{}}}\r\n", literal.len(), if flows { "+" } else { "" }).into_bytes());
            if !flows {
                self.sending.awaited = Some(literal);
                return;
            }
            core.upstream(literal);
        }
    }

    /// ENABLE of what Souspli knows; the rest was never offered.
    fn enable(&mut self, command: Command, core: &mut Core) {
        let names = String::from_utf8_lossy(command.arguments().rest()).into_owned();
        let kept: Vec<&str> = names
            .split_ascii_whitespace()
            .filter(|name| capability::is_allowed(name) && !name.eq_ignore_ascii_case("IMAP4rev1"))
            .collect();
        if kept.is_empty() {
            return core.client(format!("* ENABLED\r\n{} OK Enable completed.\r\n", command.tag).as_bytes());
        }
        let line = Line::of(format!("{} ENABLE {}\r\n", command.tag, kept.join(" ")).as_bytes());
        self.pass(Command { line, ..command }, What::Other, core);
    }

    fn fetch(&mut self, by: Addressing, command: Command, core: &mut Core) -> Option<Command> {
        let Some(request) = FetchRequest::parse(by, &mut command.arguments()) else {
            core.refuse(&command.tag, Refusal::Unreadable);
            return None;
        };
        let choosing = self.outstanding.iter().any(|o| matches!(o.what, What::Select(..) | What::Close));
        if request.kind() != Kind::Dynamic && choosing {
            return Some(command);
        }
        match (plan::need(&request, self.selected.as_ref()), self.selected.clone()) {
            (Need::Plan, Some(selected)) => {
                if self.client_waits() {
                    return Some(command);
                }
                let (plan, next) = Plan::begin(command.tag, request, selected, core.shelf.as_ref());
                self.work = Work::Fetch(Box::new(plan), Waits::No);
                self.next(next, core);
            }
            (Need::Pass, _) | (Need::Plan, None) => self.pass(command, What::Other, core),
        }
        None
    }

    fn append(&mut self, mut command: Command, core: &mut Core) -> Option<Command> {
        // A provider that is writing a long answer reads no message: each would wait for the other.
        if self.client_waits() {
            return Some(command);
        }
        let Some(AppendRequest { mailbox, flags, literal }) = AppendRequest::parse(&command) else {
            core.answer(&command.tag, "BAD", "CANNOT", &text::refused_command());
            return None;
        };
        if let Some(flags) = flags {
            keywords::unflag(&mut command.line, &flags);
        }
        let message = command.line.take_literal(literal);
        if message.len() > limits::MESSAGE_MAX {
            core.refuse(&command.tag, Refusal::MessageTooLarge);
            return None;
        }
        let message = Arc::new(message);
        core.act(Action::Append(mailbox, Arc::clone(&message)));
        self.work = Work::Append(Box::new(command), literal, message);
        None
    }

    pub(in crate::imap) fn appended(&mut self, stored: Stored, core: &mut Core) {
        let Work::Append(mut command, literal, message) = std::mem::replace(&mut self.work, Work::None) else {
            return;
        };
        let bytes = match stored {
            Stored::AsIs => Arc::try_unwrap(message).unwrap_or_else(|shared| shared.to_vec()),
            Stored::Instead(bytes) => bytes,
            Stored::Refused(explanation) => {
                core.answer(&command.tag, "NO", code(&explanation), &explanation);
                return self.advance(core);
            }
        };
        command.line.set_literal(literal, bytes);
        self.pass(*command, What::Other, core);
        self.advance(core);
    }

    pub(super) fn next(&mut self, next: Next, core: &mut Core) {
        match next {
            Next::Send(command) => core.upstream([TAG.as_bytes(), b" ", &command, b"\r\n"].concat()),
            Next::Key(asker) => {
                if let Work::Fetch(_, waits) = &mut self.work {
                    *waits = Waits::Key;
                }
                core.act(Action::Unlock(asker));
            }
            Next::Done(line, afterwards) => {
                if let (Work::Fetch(plan, _), Some(selected)) = (&self.work, &mut self.selected) {
                    plan.learnt(selected);
                    if plan.withheld() == Withheld::Some {
                        self.withheld = Withheld::Some;
                    }
                }
                self.work = Work::None;
                core.client_owned(line);
                for command in afterwards {
                    core.upstream([TAG_AFTER.as_bytes(), b" ", &command, b"\r\n"].concat());
                    self.outstanding.push_back(Outstanding {
                        tag: TAG_AFTER.to_owned(),
                        what: What::Ours,
                    });
                }
                self.advance(core);
            }
        }
    }
}

fn code(explanation: &Explanation) -> &'static str {
    match explanation.retry {
        Retry::Never => "CANNOT",
        Retry::Later | Retry::AfterUser => "UNAVAILABLE",
    }
}
