"""The lab's own cards, tokens, bad modules and PIN windows do what the tests of cards stand on: with openssl's verdict, before Souspli has a word."""
import subprocess
import unittest

from lab import badmodule, base, cps, pinentry, softhsm

from cardcase import Case


class SoftHsmTest(Case):
    """Two tokens in one folder: one as the CPS is, one with a pair of each kind."""

    @classmethod
    def setUpClass(cls):
        if not softhsm.available():
            raise unittest.SkipTest("SoftHSM2 and OpenSC's tools are not installed")
        super().setUpClass()
        cls.hsm = softhsm.SoftHsm(cls.folder / "hsm")
        cls.pairs = cps.card(cls.authority)
        cls.card = cls.hsm.token(pairs=cls.pairs)
        cls.others = [cps.single(cls.authority, kind=kind, identifier=identifier, address=address)
                      for kind, identifier, address in (("rsa3072", "03", "camille@lab.test"), ("ec", "04", None))]
        cls.second = cls.hsm.token("Second", pin="864209", pairs=cls.others)

    def test_a_card_as_the_cps_is(self):
        for pair in self.pairs:
            with self.subTest(pair.label):
                self.signs(self.card, pair, "SHA256-RSA-PKCS")
                self.signs(self.card, pair, "SHA256-RSA-PKCS-PSS")
        said = base.run("openssl", "x509", "-in", self.pairs[0].certificate, "-noout", "-text").decode()
        self.assertIn("GN = CAMILLE + CN = 899700000005 + SN = ESSAI-DURAND", said)
        self.assertNotIn("email:", said.partition("X509v3 extensions")[2])

    def test_what_the_token_tells_and_to_whom(self):
        self.card.put_data("CPS_INFO_PS", b"essai")
        everything, public = self.card.tool("--list-objects").decode(), self.card.public()
        self.assertEqual(1, everything.count("always authenticate"))
        self.assertEqual(2, everything.count("Private Key Object"))
        self.assertNotIn("Private Key Object", public)
        self.assertEqual(2, public.count("Certificate Object"))
        self.assertIn("CPS_INFO_PS", public)

    def test_other_kinds_of_keys(self):
        rsa, ec = self.others
        self.signs(self.second, rsa, "SHA256-RSA-PKCS")
        self.signs(self.second, ec, "ECDSA")
        self.opens(self.second, rsa, "RSA-PKCS")
        self.agrees(self.second, ec)

    def test_each_token_has_its_pin_and_is_never_locked(self):
        for _ in range(4):
            self.assertIn(b"CKR_PIN_INCORRECT", self.second.attempt("--list-objects", pin=self.card.pin).stderr)
        self.second.tool("--list-objects")

    def test_a_token_is_taken_away(self):
        third = self.hsm.token("Third")
        third.tool("--list-objects")
        self.hsm.remove(third)
        self.assertNotEqual(0, third.attempt("--list-objects").returncode)


class BadModuleTest(Case):
    """A module that is in the way of another."""

    @classmethod
    def setUpClass(cls):
        if not (softhsm.available() and badmodule.available()):
            raise unittest.SkipTest("SoftHSM2, OpenSC's tools and a compiler are not all installed")
        super().setUpClass()
        cls.pair = cps.single(cls.authority)
        hsm = softhsm.SoftHsm(cls.folder / "hsm")
        cls.token = hsm.token(pairs=[cls.pair])
        cls.bad = badmodule.BadModule(cls.folder / "bad", hsm.module, hsm.environment)

    def setUp(self):
        self.bad.behave()
        self.bad.forget()

    def sign(self, seconds=60):
        """Signs through it; what became of the process."""
        self.out.unlink(missing_ok=True)
        return self.token.sign(self.pair, "SHA256-RSA-PKCS", self.data, self.out, module=self.bad.module, seconds=seconds)

    def test_it_counts_and_changes_nothing(self):
        self.signs(self.token, self.pair, "SHA256-RSA-PKCS", module=self.bad.module)
        self.opens(self.token, self.pair, "RSA-PKCS", module=self.bad.module)
        self.assertEqual((1, 1, 2, 2), (self.bad.count("C_Sign", "C_SignFinal"), self.bad.count("C_Decrypt"), self.bad.operations(), self.bad.count("C_Login")))
        self.assertEqual([0, 0], self.bad.results("C_Login"))

    def test_its_environment_goes_with_it(self):
        command = ["pkcs11-tool", "--module", str(self.bad.module), "--list-slots"]
        self.assertIn(self.token.label.encode(), base.run(*command, env={"PATH": "/usr/bin:/bin"}))

    def test_it_crashes_and_ends(self):
        for name in ("dlopen", "C_GetFunctionList", "C_Initialize", "C_Login", "C_SignInit"):
            with self.subTest(name):
                self.bad.will(name, badmodule.CRASH)
                self.assertEqual(-11, self.sign().returncode)
                self.bad.behave()
        self.bad.will("C_FindObjectsInit", badmodule.ending(7))
        self.assertEqual(7, self.sign().returncode)

    def test_it_answers_what_the_card_did_not(self):
        for does, said in ((badmodule.DEVICE_REMOVED, b"CKR_DEVICE_REMOVED"), (badmodule.PIN_LOCKED, b"CKR_PIN_LOCKED")):
            self.bad.will("C_Login", does, times=1)
            self.assertIn(said, self.sign().stderr)
        self.assertEqual(0, self.sign().returncode, "twice, and no more")
        self.assertEqual([0x32, 0xA4, 0], self.bad.results("C_Login"))

    def test_it_lies(self):
        self.bad.will("C_SignFinal", badmodule.GARBAGE)
        self.bad.will("C_Sign", badmodule.GARBAGE)
        self.assertEqual(0, self.sign().returncode)
        self.assertEqual(b"\xa5" * 256, self.out.read_bytes())
        self.bad.will("C_GetSlotList", badmodule.GARBAGE)
        self.assertNotEqual(0, self.sign().returncode)

    def test_it_counts_otherwise(self):
        self.bad.will("C_GetSlotList", ("count", 0))
        self.assertIn(b"No slots", self.sign().stderr)

    def test_it_hangs_until_told(self):
        self.bad.will("C_Login", badmodule.HANG, skip=1)
        self.assertEqual(0, self.sign().returncode)
        process = self.token.begin("--list-objects", module=self.bad.module)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        base.until(lambda: self.bad.pending("C_Login"), 10, "the call")
        self.assertIsNone(process.poll())
        self.bad.behave()
        self.assertEqual(0, process.wait(10))

    def test_it_is_late(self):
        self.bad.will("C_Login", badmodule.delay(300))
        with self.assertRaises(subprocess.TimeoutExpired):
            self.sign(seconds=0.3)
        self.assertEqual(0, self.sign().returncode)


class PinentryTest(unittest.TestCase):
    """The dialog as a program has it that asks for a PIN."""

    def setUp(self):
        folder = base.Folder()
        self.addCleanup(folder.remove)
        self.pinentry = pinentry.Pinentry(folder.path / "p")
        self.addCleanup(self.pinentry.close)

    def open(self):
        """A window, and its greeting read."""
        process = subprocess.Popen([str(self.pinentry.program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
        for step in (process.kill, process.wait, process.stdin.close, process.stdout.close):
            self.addCleanup(step)
        self.assertTrue(process.stdout.readline().startswith(b"OK"))
        return process

    def say(self, process, *lines):
        """Sends lines; the answer to each, lines of data before it."""
        process.stdin.write(b"".join(line.encode() + b"\n" for line in lines))
        process.stdin.flush()
        return [self.answer(process) for _ in lines]

    def answer(self, process):
        """One answer."""
        lines = [process.stdout.readline().decode().rstrip("\n")]
        while lines[-1].startswith("D "):
            lines.append(process.stdout.readline().decode().rstrip("\n"))
        return lines

    def test_a_dialog(self):
        self.pinentry.will("12%34", pinentry.CANCEL, pinentry.TIMEOUT)
        window = self.open()
        self.say(window, "OPTION lc-ctype=fr_FR.UTF-8", "SETTITLE Souspli", "SETDESC Carte de%0ADr ÉTÉ : 100 %25", "SETPROMPT Code :", "SETERROR Code faux")
        cancelled, unknown = "ERR 83886179 Operation cancelled <Pinentry>", "ERR 536871187 Unknown IPC command <User defined source 1>"
        self.assertEqual([["D 12%2534", "OK"], [cancelled], ["ERR 83886142 Timeout <Pinentry>"], [cancelled]], self.say(window, *["GETPIN"] * 4))
        self.assertEqual([["D lab", "OK"], [unknown]], self.say(window, "GETINFO flavor", "NONSENSE"))
        self.assertEqual(["OK closing connection"], self.say(window, "BYE")[0])
        self.assertEqual(0, window.wait(10))
        first, second = self.pinentry.asked()[:2]
        self.assertEqual("Carte de\nDr ÉTÉ : 100 %", first["SETDESC"])
        self.assertEqual(("Code faux", None), (first["SETERROR"], second.get("SETERROR")))
        self.assertEqual(["lc-ctype=fr_FR.UTF-8"], first["options"])
        self.assertEqual((4, []), (self.pinentry.prompts(), self.pinentry.open_windows()))

    def test_it_waits_until_somebody_types(self):
        self.pinentry.will("1234", "5678")
        self.pinentry.hold()
        window = self.open()
        window.stdin.write(b"GETPIN\n")
        window.stdin.flush()
        base.until(self.pinentry.prompts, 10, "the prompt")
        self.assertEqual([window.pid], self.pinentry.open_windows())
        self.pinentry.release()
        self.assertEqual(["D 1234", "OK"], self.answer(window))
        self.assertEqual(["5678"], self.pinentry.unused())

    def test_it_dies_or_never_answers(self):
        self.pinentry.will(pinentry.DIE, pinentry.NEVER)
        dead, deaf = self.open(), self.open()
        self.assertEqual([[""]], self.say(dead, "GETPIN"))
        self.assertEqual(-9, dead.wait(10))
        deaf.stdin.write(b"GETPIN\n")
        deaf.stdin.close()
        base.until(lambda: self.pinentry.prompts() == 2, 10, "the second prompt")
        self.assertEqual([deaf.pid], self.pinentry.open_windows())
        self.pinentry.close()
        self.assertEqual(-9, deaf.wait(10))
