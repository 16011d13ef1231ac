//! Every bound on what others can make this program hold or do, in one place.

mod assistant;
mod dashboard;

pub use assistant::*;
pub use dashboard::*;

/// Octets of one message, either way, before sealing (100 MiB).
pub const MESSAGE_MAX: usize = 100 << 20;
/// Octets of messages held at once by all connections; further ones wait (see `smtp::driver::budget`).
pub const MESSAGES_BUDGET: usize = 512 << 20;
/// Octets of a message that each connection may hold without asking for room.
pub const MESSAGE_WITHOUT_ASKING: usize = 512 << 10;
/// Octets of all sealed copies of one submission: each Bcc has one of its own.
pub const SEALED_COPIES_MAX: usize = 512 << 20;
/// Octets that a message takes while it is opened or sealed, as a multiple of its own: stored, decoded, opened, View.
pub const MESSAGE_ROOM_TIMES: usize = 4;
/// Messages from this size on take their room from the budget (1 MiB); the others are held in the connections' own bounds.
pub const LARGE_MESSAGE: u64 = 1 << 20;
/// A sealed message may be this many times larger than the clear one: `SIZE` is advertised reduced by it where all is sealed.
pub const SEALING_GROWTH_PERCENT: u64 = 200;

/// Octets of one SMTP command line, CRLF included (RFC 5321 §4.5.3.1.4 asks 512, extensions and AUTH more).
pub const SMTP_LINE_MAX: usize = 12 * 1024;
/// Recipients of one submission (RFC 5321 §4.5.3.1.8 asks at least 100).
pub const SMTP_RECIPIENTS_MAX: usize = 500;
/// Bad commands on one connection before it is closed.
pub const SMTP_ERRORS_MAX: u32 = 20;
/// Refused passwords on one connection before it is closed.
pub const LOGIN_FAILURES_MAX: u32 = 3;

/// Octets of one reply of a provider, all its lines together.
pub const SMTP_REPLY_MAX: usize = 64 * 1024;
/// Identifiers of other messages that are looked up for one message (`policy::threads`).
pub const THREAD_IDS_MAX: usize = 1_000;
/// Octets of an attachment that are looked at for the header of a message.
pub const ATTACHED_HEADER_MAX: usize = 128 << 10;
/// Octets of one message identifier; RFC 5322 §2.1.1 leaves it 998 on its line.
pub const MESSAGE_ID_MAX: usize = 998;

/// Octets of one IMAP line without its literals. Clients send UID sets of many kilobytes; servers send long ENVELOPEs.
pub const IMAP_LINE_MAX: usize = 1 << 20;
/// Octets of a literal in a command that is not APPEND (a mailbox name, a search string, a password).
pub const IMAP_COMMAND_LITERAL_MAX: usize = 64 * 1024;
/// Parentheses inside each other in one IMAP line.
pub const IMAP_NESTING_MAX: usize = 50;
/// Octets of a provider's response that Souspli holds whole in order to rewrite it (a message and its lines).
pub const IMAP_RESPONSE_MAX: usize = MESSAGE_MAX * 2;
/// Octets of a message that is not S/MIME which is held whole to look for marks of ours; of a larger one the beginning (32 MiB).
pub const LOOKED_AT_MAX: u64 = 32 << 20;
/// Octets of that beginning, and of a message whose parts are asked one by one: texts stand before what is attached (1 MiB).
pub const LOOKED_AT_FIRST: u32 = 1 << 20;
/// Commands of a client waiting for their turn on one connection; beyond it reading stops.
pub const IMAP_PIPELINE_MAX: usize = 64;

/// Gaps between the UIDs of one mailbox whose class is remembered; beyond it they are learnt anew.
pub const UID_RANGES_MAX: usize = 500_000;
/// Items of one FETCH, and field names of one of them.
pub const IMAP_FETCH_ITEMS_MAX: usize = 200;

/// Search keys inside each other: NOT, OR and parentheses.
pub const SEARCH_NESTING_MAX: usize = 200;
/// Texts and verdicts that one SEARCH may seek; a longer one is the provider's alone.
pub const SEARCH_KEYS_MAX: usize = 100;
/// Octets of a SEARCH that Souspli asks, its literals left out (RFC 2683 §3.2.1.5: servers take 8,000).
pub const SEARCH_LINE_MAX: usize = 8_000;
/// Questions that one SEARCH may become; a longer one is the provider's alone.
pub const SEARCH_QUESTIONS_MAX: usize = 256;
/// Octets of such questions that are sent before the first is answered: a server that writes does not read.
pub const SEARCH_AHEAD_MAX: usize = 16 << 10;
/// Octets of the answers to them.
pub const SEARCH_ANSWERS_MAX: usize = 32 << 20;
/// Messages that one answer may name.
pub const SEARCH_FOUND_MAX: u64 = 1_000_000;

/// Octets of one POP3 command line, CRLF included (RFC 2449 §4 asks 255; the tokens of OAuth are longer).
pub const POP3_LINE_MAX: usize = 12 * 1024;
/// Octets of a provider's POP3 status line (RFC 1939 §3 allows 512).
pub const POP3_REPLY_MAX: usize = 8 * 1024;
/// Octets of a list that Souspli holds whole: LIST, UIDL, CAPA.
pub const POP3_LISTING_MAX: usize = 16 << 20;
/// Octets of content of which the end is awaited although it is not held: what is longer has none.
pub const POP3_CONTENT_MAX: usize = MESSAGE_MAX * 2;
/// Octets of one unique-id (RFC 1939 §7 allows 70).
pub const POP3_UNIQUE_ID_MAX: usize = 255;
/// Messages of one maildrop, and of all maildrops of which something is remembered; beyond it all is learnt anew.
pub const POP3_MESSAGES_MAX: usize = 200_000;
/// Headers that are asked for at once of a provider that takes pipelined commands.
pub const POP3_HEADERS_AT_ONCE: usize = 50;
/// Bad POP3 commands on one connection before it is closed.
pub const POP3_ERRORS_MAX: u32 = 20;

/// MIME parts of one message that are looked at; what lies beyond belongs to the last one.
pub const MIME_PARTS_MAX: usize = 2_000;
/// MIME parts inside each other; a deeper one is a leaf.
pub const MIME_DEPTH_MAX: usize = 40;
/// Octets of one header.
pub const HEADER_MAX: usize = 1 << 20;
/// Octets of a body that are looked at for a header which an empty line was put before.
pub const HIDDEN_HEADER_MAX: usize = 64 << 10;
/// Octets that are unpacked of one file to look into it: archives, compressed texts (8 MiB).
pub const PACKED_OUT_MAX: usize = 8 << 20;
/// Files inside a file that are looked at.
pub const PACKED_FILES_MAX: usize = 200;
/// Parameters of one Content-Type or Content-Disposition that are looked at; beyond them only those that decide what the
/// part is.
pub const PARAMETERS_MAX: usize = 64;
/// Octets of one boundary that is followed (RFC 2046 §5.1.1 allows 70; senders are seen with more).
pub const BOUNDARY_MAX: usize = 256;

/// Seconds between a Date and a signing time that clocks, time zones and queues explain (a day).
pub const SIGNED_APART_SECONDS: u64 = 24 * 3600;

/// CMS layers inside each other that are opened (sign, encrypt, sign again, compress).
pub const CMS_LAYERS_MAX: usize = 6;
/// Octets of RecipientInfos, certificates or SignerInfos of one CMS structure.
pub const CMS_PART_MAX: usize = 4 << 20;
/// ASN.1 values inside each other.
pub const BER_DEPTH_MAX: usize = 32;
/// RecipientInfos that are looked at.
pub const CMS_RECIPIENTS_MAX: usize = 2_000;
/// RecipientInfos for own keys that are tried, each over the whole content: a message has one for each person.
pub const CMS_TRIES_MAX: usize = 8;
/// SignerInfos that are verified.
pub const CMS_SIGNERS_MAX: usize = 8;
/// Certificates of one message that are looked at.
pub const CMS_CERTIFICATES_MAX: usize = 64;
/// Certificates that a SignerInfo names alike, of which each is tried: renewed ones may share a key identifier.
pub const CMS_NAMED_ALIKE_MAX: usize = 4;
/// Addresses of one certificate; one with more is not read.
pub const CERTIFICATE_ADDRESSES_MAX: usize = 100;
/// Names of one certificate beside its subject, and subtrees of names that bind those below it; one with more is not read.
pub const CERTIFICATE_NAMES_MAX: usize = 2_000;
/// Octets of one distinguished name, which is compared and looked up often (8 KiB): the longest in use have 1 KiB.
pub const NAME_OCTETS_MAX: usize = 8 << 10;
/// Extensions of one certificate; one with more is not read.
pub const CERTIFICATE_EXTENSIONS_MAX: usize = 100;
/// Octets that a CompressedData may become.
pub const DECOMPRESSED_MAX: usize = MESSAGE_MAX;
/// The same as a multiple of the message's own octets: zlib alone would go to a thousand.
pub const DECOMPRESSED_TIMES: usize = 100;
/// Messages below this size may become as much as one of it (16 KiB).
pub const DECOMPRESSED_SMALL: usize = 16 << 10;
/// Policies of one certificate, and its mappings of policies; one with more is not read.
pub const CERTIFICATE_POLICIES_MAX: usize = 256;
/// Signature checks while looking for a path to an authority.
pub const PATH_SIGNATURES_MAX: usize = 64;
/// Certificates of one path; longer ones are not followed, which also bounds the recursion.
pub const PATH_CERTIFICATES_MAX: usize = 12;
/// Certificates of an issuer's name that are looked at while looking for a path.
pub const PATH_STEPS_MAX: usize = 20_000;
/// Names compared with the subtrees of name constraints while looking for a path.
pub const PATH_NAMES_MAX: usize = 100_000;
/// Signatures of issuers that need not be checked again (256 KiB).
pub const CHECKED_SIGNATURES_MAX: usize = 4_096;

/// Octets of one message of an LDAP server: an entry with all its certificates (1 MiB).
pub const LDAP_MESSAGE_MAX: usize = 1 << 20;
/// Octets of one that brings a revocation list (24 MiB).
pub const LDAP_LIST_MAX: usize = 24 << 20;
/// Seconds that an LDAP server may take for one.
pub const LDAP_LIST_SECONDS: u64 = 120;
/// Octets that an LDAP server may send on one connection (32 MiB); one that sends more is left.
pub const LDAP_CONNECTION_MAX: usize = 32 << 20;
/// Entries that one look-up asks for, and of which anything is kept.
pub const LDAP_ENTRIES_MAX: usize = 20;
/// Entries that a server may send beyond what was asked, none of them kept; then it is left.
pub const LDAP_ENTRIES_READ_MAX: usize = 20_000;
/// Attributes of one entry; one with more is not read.
pub const LDAP_ATTRIBUTES_MAX: usize = 200;
/// Values of one attribute that are kept.
pub const LDAP_VALUES_MAX: usize = 64;
/// Characters of what an LDAP server says in words.
pub const LDAP_DIAGNOSTIC_MAX: usize = 200;
/// Searches that wait for their answers on one connection.
pub const LDAP_AHEAD_MAX: usize = 16;
/// Addresses that are asked on one connection; then a new one is made.
pub const LDAP_ADDRESSES_MAX: usize = 100;
/// Capabilities of one signer that are kept.
pub const CAPABILITIES_MAX: usize = 32;
/// Correspondents of a day whose certificates were looked at, in memory; beyond it they are looked at anew.
pub const HARVEST_SEEN_MAX: usize = 10_000;
/// Certificates of one person that are kept.
pub const PERSON_CERTIFICATES_MAX: usize = 32;
/// Seconds that the look-ups of one message may take together: its mail program waits.
pub const LOOKUP_SECONDS_MAX: u64 = 25;
/// Seconds beyond these that questions about whether the certificates of one message stand may take.
pub const STATUS_SECONDS_MAX: u64 = 20;
/// Seconds in which a directory that could not be reached is not waited for where something older will do.
pub const DIRECTORY_PAUSE_SECONDS: u64 = 60;
/// Seconds that a program which prints a password may take.
pub const PASSWORD_COMMAND_SECONDS_MAX: u64 = 10;
/// Characters of the name of a directory.
pub const DIRECTORY_NAME_CHARS_MAX: usize = 40;
/// Octets of one revocation list (64 MiB): of 500,000 entries the usual ones have 20.
pub const LIST_OCTETS_MAX: u64 = 64 << 20;
/// Octets that are kept of a list beside its entries (4 MiB).
pub const LIST_HEADER_MAX: u64 = 4 << 20;
/// Entries of one revocation list.
pub const LIST_ENTRIES_MAX: usize = 1_000_000;
/// Issuers whose certificates one indirect list names.
pub const LIST_ISSUERS_MAX: usize = 1_000;
/// Places that a certificate names for its lists, and names of one place.
pub const LIST_POINTS_MAX: usize = 16;
/// Certificates of the issuer's name that are tried on the signature of one list.
pub const LIST_SIGNERS_MAX: usize = 8;
/// Signers of lists behind each other whose own status is asked.
pub const LIST_SIGNERS_DEPTH_MAX: usize = 3;
/// Revocation lists that are held, and places that are asked for them.
pub const LISTS_MAX: usize = 200;
/// Certificates of authorities that are remembered as possible signers of lists.
pub const LIST_POOL_MAX: usize = 200;
/// Revocation lists that are fetched side by side.
pub const LISTS_AT_ONCE: usize = 8;
/// Seconds between two looks at which revocation lists are due.
pub const LISTS_LOOKED_AT_SECONDS: u64 = 600;
/// Seconds, at most, after a start before due lists are fetched: not all computers of a town at eight o'clock.
pub const LISTS_JITTER_SECONDS: u64 = 20;
/// Paths that wait to be asked about.
pub const STATUS_QUESTIONS_MAX: usize = 200;
/// OCSP answers that are kept.
pub const OCSP_KEPT_MAX: usize = 2_000;
/// Octets of one OCSP response.
pub const OCSP_RESPONSE_MAX: usize = 64 << 10;
/// Answers of one OCSP response that are looked at.
pub const OCSP_ANSWERS_MAX: usize = 64;
/// Seconds that an OCSP answer without nextUpdate holds.
pub const ANSWER_WITHOUT_END_SECONDS: i64 = 3600;
/// Seconds by which the clocks of authorities may go ahead of ours.
pub const CLOCK_SKEW_SECONDS: i64 = 300;

/// Rounds of password hashing that a key file may ask for.
pub const PKCS12_ITERATIONS_MAX: u32 = 10_000_000;
/// Rounds of password hashing in a key file that is written: what NSS writes, and OWASP asks of PBKDF2-HMAC-SHA256.
pub const PKCS12_ITERATIONS: u32 = 600_000;
/// Characters that the password of a key file to be written must have (requirements 0-46), and how many of them must differ.
pub const EXPORT_PASSWORD_MIN: usize = 12;
/// See [`EXPORT_PASSWORD_MIN`].
pub const EXPORT_PASSWORD_DIFFERENT_MIN: usize = 6;

/// Octets of the file that holds an account's keys for several persons.
pub const HELD_FILE_MAX: u64 = 1 << 20;
/// Persons for whom an account's keys are held.
pub const HELD_HOLDERS_MAX: usize = 32;
/// Rounds of password hashing below which a held file is not believed: whoever wrote it would have its passphrase guessed.
pub const HELD_ITERATIONS_MIN: u32 = 100_000;
/// Milliseconds that a look at somebody else's file may take while a message waits to be told.
pub const HELD_LOOK_MILLISECONDS: u64 = 2_000;
/// Seconds between two looks at whether the card of an account in rescue mode is back.
pub const RESCUE_LOOKED_AT_SECONDS: u64 = 5;
/// Hours that rescue mode may last.
pub const RESCUE_HOURS_MAX: u32 = 30 * 24;
/// Octets of a passphrase.
pub const PASSPHRASE_MAX: usize = 1024;

/// From this size on the View of a message that cannot be shown has room in the stored size (`view::failure`): a listing
/// says the stored size without opening it (48 KiB).
pub const ROOM_IS_SURE: usize = 48 << 10;
/// Octets of Views kept in memory.
pub const VIEW_CACHE_MAX: usize = 256 << 20;
/// Client connections at once, per listener.
pub const CONNECTIONS_MAX: usize = 256;

/// Octets of a configuration file (1 MiB).
pub const CONFIG_FILE_MAX: u64 = 1 << 20;
/// Characters of a tag.
pub const TAG_CHARS_MAX: usize = 32;
/// Octets of one certificate file of the store.
pub const CERTIFICATE_FILE_MAX: u64 = 64 * 1024;
/// Certificates that the store lists; what lies beyond is not looked at.
pub const CERTIFICATES_MAX: usize = 50_000;
/// Imported certificates of authorities that are tried as the middle of a correspondent's path.
pub const IMPORTED_AUTHORITIES_MAX: usize = 64;
/// Octets of one sealed record of a correspondent (2 MiB).
pub const RECORD_MAX: u64 = 2 << 20;
/// Records of one kind that are listed; what lies beyond is not looked at.
pub const RECORDS_MAX: usize = 50_000;
/// Octets of one sealed key file.
pub const SEALED_KEY_MAX: u64 = 1 << 20;
/// Octets of what is noted beside a key.
pub const KEY_NOTE_MAX: u64 = 256;
/// Octets of a stored message that is given by hand: sealing enlarges one of `MESSAGE_MAX`.
pub const STORED_MESSAGE_MAX: u64 = 2 * MESSAGE_MAX as u64;
/// Octets of a file of certificates, or of a key file, that is imported; a signed message has its attachments (64 MiB).
pub const IMPORT_FILE_MAX: u64 = 64 << 20;
/// Octets of a file whose first line is a password (1 MiB).
pub const PASSWORD_FILE_MAX: u64 = 1 << 20;
/// Octets of a sealed password.
pub const SEALED_PASSWORD_MAX: u64 = 64 << 10;
/// Octets of a token that a command prints: in base64 it must fit an AUTH line (RFC 4954 §4.3).
pub const TOKEN_MAX: usize = 8 << 10;
/// Seconds that such a command may take.
pub const TOKEN_SECONDS_MAX: u64 = 30;
/// Octets of a passphrase file.
pub const PASSPHRASE_FILE_MAX: u64 = 4096;
/// Memory that the header of a passphrase store may ask of Argon2, in KiB.
pub const ARGON2_MEMORY_MAX_KIB: u32 = 512 * 1024;
/// Passes that the header of a passphrase store may ask of Argon2.
pub const ARGON2_PASSES_MAX: u32 = 20;
/// Secure threads remembered; beyond it the oldest are forgotten.
pub const THREADS_MAX: usize = 200_000;
/// Signs of an address in a field of a draft that are followed.
pub const HALF_TYPED_MAX: usize = 10_000;
/// Elements of a page that are followed inside one another while its text is read.
pub const PAGE_DEPTH_MAX: usize = 128;
/// Words of one message that are compared with those of sealed letters.
pub const LIKENESS_WORDS_MAX: usize = 20_000;
/// Files of one message that are compared with those of sealed letters.
pub const LIKENESS_FILES_MAX: usize = 100;
/// Texts, stretches and files of sealed letters remembered, some fourteen for a letter; beyond it the oldest are forgotten.
pub const LETTER_TRAITS_MAX: usize = 200_000;
/// Days that a secure thread is remembered (18 months).
pub const THREAD_DAYS_MAX: i64 = 548;
/// Octets of the protected fields of one message that are remembered; a longer message is opened anew for each listing.
pub const RESTORED_MAX: usize = 8 << 10;
/// Names of the fields of one message that a View may show otherwise than they are stored.
pub const RESTORED_NAMES_MAX: usize = 100;
/// Messages whose protected fields are remembered; beyond it the oldest are forgotten.
pub const FIELDS_MAX: usize = 50_000;
/// Content keys that cards have unwrapped and that are remembered; beyond it the oldest are forgotten.
pub const CONTENT_KEYS_MAX: usize = 20_000;
/// Octets of one of them; a longer one, which no cipher needs, is not kept.
pub const CONTENT_KEY_MAX: usize = 63;
/// Seconds that a View stays in memory where the card is required for each reading: one reading fetches it in parts.
pub const CARD_READING_SECONDS: i64 = 120;
/// Octets of the text of one message that is kept for searching, its fields first (64 KiB).
pub const SEARCHABLE_MAX: usize = 64 << 10;
/// Octets of one of its fields among them.
pub const SEARCHABLE_FIELD_MAX: usize = 8 << 10;
/// Octets of one text that are looked at for it (1 MiB).
pub const SEARCHABLE_TEXT_MAX: usize = 1 << 20;
/// Octets of the index of texts; beyond it the oldest messages are forgotten (64 MiB).
pub const INDEX_OCTETS_MAX: u64 = 64 << 20;
/// Messages of that index: of each, where it stands is held in memory.
pub const INDEX_MESSAGES_MAX: usize = 100_000;
/// Messages remembered, in memory, as such that could not be opened.
pub const UNOPENED_MAX: usize = 10_000;
/// Messages whose true size is remembered; beyond it the oldest are forgotten.
pub const MARKS_MAX: usize = 100_000;
/// Octets of a line file (threads, marks) that are read.
pub const LINE_FILE_MAX: u64 = 64 << 20;
/// Octets of the liste blanche, as it is published and as it is kept: some 9,000 domains have 5 MB (32 MiB).
pub const WHITELIST_FILE_MAX: u64 = 32 << 20;
/// Its entries.
pub const WHITELIST_DOMAINS_MAX: usize = 200_000;
/// Its elements inside each other.
pub const WHITELIST_DEPTH_MAX: usize = 16;
/// Octets of one of its names.
pub const WHITELIST_TEXT_MAX: usize = 1024;
/// A list with less than this part of the domains that are held is not taken unasked.
pub const WHITELIST_SHRINK_PERCENT: usize = 50;
/// Octets of a file by which it is tried whether the home takes one.
pub const HOME_TRIED_BY: usize = 16 << 10;
/// Octets of an entry of the journal: five hundred recipients and their certificates.
pub const JOURNAL_ENTRY_MAX: usize = 64 << 10;
/// Its entries: whoever fills it with letters loses the oldest.
pub const JOURNAL_ENTRIES_MAX: u64 = 500_000;
/// Entries that are taken out of it at once: others wait meanwhile.
pub const JOURNAL_CUT_AT_ONCE: usize = 20_000;
/// Entries that a page of it holds.
pub const JOURNAL_PAGE_MAX: usize = 1_000;
/// Things that are not as they were written, told one by one.
pub const JOURNAL_BREAKS_MAX: usize = 20;
/// Entries that wait in memory for a disk that does not take them.
pub const JOURNAL_WAITING_MAX: usize = 1_000;
/// Entries of what was read that are gathered to be written together.
pub const JOURNAL_QUEUE_MAX: usize = 64;
/// Serial numbers of certificates that an entry names: those of all recipients and of who signs.
pub const JOURNAL_CERTIFICATES_MAX: usize = SMTP_RECIPIENTS_MAX + 2;
/// Octets of a journal of JSON lines, as there were before, that is taken over.
pub const JOURNAL_LINES_MAX: u64 = 8 << 20;
/// Such journals beside the last one.
pub const JOURNAL_LINES_FILES: u32 = 11;
/// Octets on the disk that are kept for entries when nothing more fits on it: some hundred of them.
pub const JOURNAL_RESERVE: usize = 64 << 10;
/// Milliseconds to wait for another process that writes an entry.
pub const JOURNAL_WAIT_MILLISECONDS: u64 = 500;

/// Seconds to reach a provider's server.
pub const CONNECT_SECONDS_MAX: u64 = 10;
/// Seconds that a provider's SMTP server may be silent, unless the configuration says otherwise.
pub const PROVIDER_SILENCE_SECONDS: u64 = 90;
/// Seconds of a TLS handshake, either side.
pub const HANDSHAKE_SECONDS_MAX: u64 = 10;

/// Octets of the header of an HTTP answer.
pub const HTTP_HEADER_MAX: usize = 64 << 10;
/// Fields of one.
pub const HTTP_HEADERS_MAX: usize = 100;
/// Redirects that are followed.
pub const HTTP_REDIRECTS_MAX: usize = 3;
/// Seconds that an authority's server may be silent.
pub const HTTP_SILENCE_SECONDS: u64 = 20;
/// Seconds that one answer may take: 64 MiB over a slow line.
pub const HTTP_SECONDS_MAX: u64 = 900;

/// Seconds that a mail program which is told so waits for a locked key.
pub const KEY_WAIT_SECONDS: u64 = 120;
/// The same for one that can be told nothing meanwhile (SMTP, POP3): Thunderbird gives up after 100, and the provider may be
/// slow afterwards.
pub const KEY_WAIT_IN_SILENCE_SECONDS: u64 = 45;
/// Seconds, after a locked key was refused, in which nobody is asked for it by what a program does in the background.
pub const KEY_REFUSED_SECONDS: u64 = 600;
/// Who reads again sooner than this after a refusal is no person but a program that fetches message by message.
pub const KEY_READER_PAUSE_SECONDS: u64 = 3;
/// Seconds between two looks, without a question, whether a locked keyring has been opened by other hands.
pub const KEY_LOOKED_AT_SECONDS: u64 = 3;
/// Seconds that a start waits for the keyring before it serves without it.
pub const KEY_AT_START_SECONDS: u64 = 2;
/// Seconds between two lines that keep a waiting IMAP client from giving up.
pub const IMAP_TICK_SECONDS: u64 = 5;

/// Seconds that a relay waits for the one before it on the same home, which is about to end.
pub const ANOTHER_SECONDS_MAX: u64 = 5;
/// Seconds that a stop waits for the submissions in hand.
pub const STOP_SECONDS_MAX: u64 = 9;
/// Octets of texts and fields that wait to be written behind the answers that they were learnt from.
pub const LATER_MAX: usize = 4 << 20;
/// Milliseconds that the first of them waits for others, to be written with them.
pub const LATER_MILLISECONDS: u64 = 20;
/// Authorities of one bundle.
pub const BUNDLE_AUTHORITIES_MAX: usize = 200;
/// Octets of a bundle file (1 MiB).
pub const BUNDLE_FILE_MAX: u64 = 1 << 20;
/// Octets of the note beside an authority of the user's.
pub const NOTE_FILE_MAX: u64 = 4096;
/// Bundle files of one folder that are looked at.
pub const BUNDLES_MAX: usize = 100;
/// Octets of one question to the process that holds a card's module, or of its answer.
pub const CARD_FRAME_MAX: usize = 1 << 20;
/// Readers that are watched at once; pcscd knows no more.
pub const READERS_MAX: usize = 16;
/// Octets of all their names.
pub const READER_NAMES_MAX: usize = 16 << 10;
/// Milliseconds after which a service of readers that is not there is looked for again: whoever starts it sees it within a second.
pub const READERS_SERVICE_MILLISECONDS: u64 = 400;
/// Milliseconds after which the readers are listed again though nothing was told of them.
pub const READERS_LISTED_MILLISECONDS: u32 = if cfg!(target_os = "macos") { 800 } else { 10_000 };
/// Seconds that a program which runs only once waits to hear of the readers.
pub const READERS_ONCE_SECONDS: u64 = 2;
/// Seconds between two tries to watch the readers, at most.
pub const READERS_AGAIN_SECONDS: u64 = 60;
/// Cards that are looked at at once.
pub const CARDS_MAX: usize = 16;
/// Certificates of a card.
pub const CARD_CERTIFICATES_MAX: usize = 32;
/// Octets of one.
pub const CARD_CERTIFICATE_MAX: usize = 64 << 10;
/// Seconds that a look at the readers may take.
pub const CARD_LOOK_SECONDS: u64 = 8;
/// Milliseconds that such a look may take yet after a card was pulled.
pub const CARD_PULLED_MILLISECONDS: u64 = 700;
/// Seconds that one operation of a card may take.
pub const CARD_SECONDS: u64 = 20;
/// Seconds that somebody may take to type a PIN on the reader.
pub const CARD_TYPING_SECONDS: u64 = 90;
/// Seconds after a module hung in which it is not asked again.
pub const CARD_HUNG_SECONDS: u64 = 10;
/// Seconds in which a key of a card that was wanted in vain concerns whoever failed for want of one.
pub const CARD_WANTED_SECONDS: u64 = 5;
/// Seconds between two looks for a card of an account, where nobody tells that one comes or goes.
pub const CARD_LOOKED_FOR_SECONDS: u64 = 5;
/// Seconds between two looks at cards whose software does not work.
pub const CARD_FAULT_SECONDS: u64 = 15;
/// Milliseconds between two looks at the readers while a key of a card is in use here.
pub const CARD_LOOKED_AT_MILLISECONDS: u64 = 500;
/// Seconds that a window waits for a PIN.
pub const PIN_SECONDS: u64 = 100;
/// How often a PIN is asked for in a row.
pub const PIN_PROMPTS_MAX: usize = 8;
/// Octets of a PIN.
pub const PIN_MAX: usize = 64;
/// Values of the policy that Windows' administrators distribute.
pub const POLICY_VALUES_MAX: usize = 100;
/// Octets of one of them.
pub const POLICY_VALUE_OCTETS_MAX: usize = 64 << 10;
/// Milliseconds that a file may be held by another program (a virus scanner) before it counts as not replaceable.
pub const FILE_HELD_MILLISECONDS: u64 = 2_000;
/// Seconds that a server has to greet a diagnosis.
pub const DIAGNOSIS_SERVER_SECONDS: u64 = 10;
/// Lines that it may say before the one that was waited for.
pub const DIAGNOSIS_LINES_MAX: usize = 100;
