#!/usr/bin/env python3
"""A small POS terminal in Python, which acqsim can test.

    acqsim run --terminal "exec:python3 terminal.py" --dialect iso87-ascii

It reads one JSON object per line and answers each with one, as docs/drivers.md
has it: a hello with the host's address, terminal, merchant, cards and timeouts;
then actions, such as {"action": {"id": 1, "do": "sale", "amount": 1000}}, of
which each comes back with its outcome.

It is meant to be read: one way in which correct firmware can be built, which
is not the way of acqsim's own terminal. It opens a connection for every
message, and keeps what it must not forget in one small file. Nothing but
Python's own library is needed.
"""

import json
import os
import socket
import ssl
import sys
import time

import iso87

# Message type and processing code.
MESSAGES = {"sale": ("0200", "000000"), "void": ("0200", "020000"), "refund": ("0200", "200000"),
            "inquiry": ("0200", "310000"), "cash": ("0200", "010000"), "pre_auth": ("0100", "000000")}
REVERSED = ("sale", "void", "cash", "pre_auth")
NETWORK = {"sign_on": "001", "sign_off": "002", "echo": "301"}
REPEATS = 3  # of a reversal that is not answered
DARK = 0.3   # seconds until somebody notices that it has no power
LINES = 3    # connections in a row that may fail before it gives up for now

# How kinds of terminal differ: when the reversal is stored and sent, what
# becomes of it when the reply is for something else or can't be read, its
# reasons (DE 39), the message type of its repeats, and what follows the last.
STRICT = {"stored": "before-send", "at_once": False, "delete": False, "drop": False,
          "reason": "98", "mismatch": "06", "printer": "96", "card": "06", "repeat": "0400"}
PROFILES = {
    "strict": STRICT,
    "unionpay-bctc": dict(STRICT, stored="before-connect", delete=True, drop=True),
    "nac": dict(STRICT, at_once=True, reason="", mismatch="", printer="", card="", repeat="0401"),
}


class NoAnswer(Exception):
    """Sent, and no valid reply before the timeout."""


class CannotConnect(Exception):
    """No connection; nothing was sent."""


class SendFailed(Exception):
    """The connection broke while sending."""


class Cancelled(Exception):
    """Somebody has pressed the cancel key."""


class PowerLoss(Exception):
    """Nothing more happens."""


class Terminal:
    def __init__(self, hello):
        host, _, port = hello["host"].rpartition(":")
        self.address = (host.strip("[]"), int(port))
        self.tls = hello.get("tls")
        self.id = hello["terminal"].ljust(8)[:8]
        self.merchant = hello["merchant"].ljust(15)[:15]
        self.cards = hello["cards"]
        self.profile = PROFILES.get(hello.get("profile"), STRICT)
        self.connect_timeout = hello["connect_timeout_ms"] / 1000
        self.timeout = hello["response_timeout_ms"] / 1000
        self.backoff = hello["backoff_ms"] / 1000
        self.path = hello.get("state")
        self.state = {"stan": 0, "batch": 1, "pending": None, "sales": [], "totals": [0, 0, 0, 0], "sign_on": False}
        self.failed_at = None  # when a connection failed last
        self.off = False       # it has no power
        self.events = {}       # what happens at points of the next transaction
        self.load()

    # --- what survives a power cut -------------------------------------------

    def load(self):
        if self.path and os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as file:
                self.state = json.load(file)

    def save(self):
        """Write the state so that it is old or new after a power cut, never half."""
        if not self.path:
            return
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump(self.state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)

    def next_stan(self):
        self.state["stan"] = self.state["stan"] % 999999 + 1
        self.save()
        return "%06d" % self.state["stan"]

    # --- the line ------------------------------------------------------------

    def connect(self):
        if self.failed_at is not None:  # a host in trouble is not to be hurried
            time.sleep(max(0, self.failed_at + self.backoff - time.monotonic()))
        deadline = time.monotonic() + self.connect_timeout
        line = None
        try:
            line = socket.create_connection(self.address, self.connect_timeout)
            if self.tls:
                context = ssl.create_default_context(cadata=self.tls["ca"])
                line.settimeout(max(0.001, deadline - time.monotonic()))
                line = context.wrap_socket(line, server_hostname=self.tls["server_name"])
        except OSError as error:  # of which those of TLS are a kind
            if line:
                line.close()
            self.failed_at = time.monotonic()
            raise CannotConnect(str(error)) from error
        return line

    def exchange(self, line, request, reach=lambda point: None):
        """Send a request and return the reply that answers it."""
        self.failed_at = time.monotonic()  # unless something comes back
        try:
            line.settimeout(self.timeout)
            line.sendall(iso87.pack(request))
        except OSError as error:
            self.failed_at = time.monotonic()
            raise SendFailed(str(error)) from error
        deadline = time.monotonic() + self.timeout
        reach("after-send")
        while True:
            reply = iso87.unpack(self.read_frame(line, deadline))
            if reply.get(11, "").isdigit() and int(reply[11]) < int(request[11]):
                continue  # an answer to something earlier: late, and of no use any more
            self.failed_at = None
            return reply

    def read_frame(self, line, deadline):
        header = self.read(line, 4, deadline)
        if not header.isdigit() or int(header) > 4096:
            raise iso87.Unreadable("the length header is %r" % header)
        return self.read(line, int(header), deadline)

    def read(self, line, count, deadline):
        data = b""
        while len(data) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                raise NoAnswer("timeout")
            line.settimeout(left)
            try:
                piece = line.recv(count - len(data))
            except TimeoutError as error:
                raise NoAnswer("timeout") from error
            except OSError as error:
                self.failed_at = time.monotonic()
                raise NoAnswer(str(error)) from error
            if not piece:
                self.failed_at = time.monotonic()
                raise NoAnswer("the host closed the connection")
            data += piece
        return data

    # --- messages ------------------------------------------------------------

    def header(self, mti, processing, stan):
        message = self.now()
        message.update({0: mti, 3: processing, 11: stan, 41: self.id, 42: self.merchant})
        return message

    def now(self):
        now = time.gmtime()
        return {7: time.strftime("%m%d%H%M%S", now), 12: time.strftime("%H%M%S", now), 13: time.strftime("%m%d", now)}

    def financial(self, action, stan):
        mti, processing = MESSAGES[action["do"]]
        message = self.header(mti, processing, stan)
        card = self.cards[action["card"]]
        # Cards are keyed in: a track in clear is not for every profile.
        message.update({2: card["pan"], 14: card["expiry"], 22: "012", 25: "00",
                        49: "%03d" % action["currency"], 60: "%06d" % self.state["batch"]})
        if action["do"] != "inquiry":
            message[4] = "%012d" % action["amount"]
        original = self.original(action)
        if original:
            message[90] = original["mti"] + original["stan"] + original["time"] + "0" * 22
            if original.get("rrn"):
                message[37] = original["rrn"]
        return message

    def original(self, action):
        for sale in self.state["sales"]:
            if sale["id"] == action.get("original"):
                return sale
        return None

    def matches(self, request, reply):
        if reply[0] != request[0][:2] + "10":
            return False
        return all(reply.get(n) == request.get(n) for n in (3, 4, 11, 41, 42))

    def judged(self, request, reply):
        if not self.matches(request, reply) or 39 not in reply:
            return {"is": "mismatch"}
        if reply[39] in ("77", "A0", "99"):
            self.state["sign_on"] = True
            self.save()
        return {"is": "approved" if reply[39] == "00" else "declined", "code": reply[39]}

    # --- actions -------------------------------------------------------------

    def perform(self, action):
        """Do what an action says, and return its outcome."""
        do, at = action["do"], action.get("at", "idle")
        if do == "power_cut" and at == "idle":
            self.off = True
        elif do == "press" and at != "idle" and action["key"] == "cancel":
            self.events[at] = Cancelled
        elif do == "power_cut":
            self.events[at] = PowerLoss
        elif do == "restart":
            self.off, self.events = False, {}
            self.load()
            if self.profile["at_once"]:
                self.reverse_pending()
        elif do != "press" and not self.off:
            try:
                return self.transact(action)
            except PowerLoss:
                self.off = True
                time.sleep(DARK)
            finally:
                self.events = {}
        return {}

    def transact(self, action):
        if action["do"] in NETWORK:
            return self.network(action["do"])
        if action["do"] == "settle":
            return self.settle()
        return self.transaction(action)

    def reach(self, point):
        """Let happen what is to happen at a point of the transaction."""
        if point in self.events:
            raise self.events.pop(point)(point)

    def network(self, do):
        message = self.header("0800", "000000", self.next_stan())
        del message[3]
        message[70] = NETWORK[do]
        try:
            with self.connect() as line:
                outcome = self.judged(message, self.exchange(line, message))
        except (CannotConnect, SendFailed, NoAnswer, iso87.Unreadable) as error:
            return failure(error)
        if do == "sign_on" and outcome["is"] == "approved":
            self.state["sign_on"] = False
            self.save()
        return outcome

    def blocked(self):
        """Do what has to come before a transaction; what keeps it from being made, or None."""
        if self.state["sign_on"] and self.network("sign_on")["is"] != "approved":
            return {"is": "not-possible", "display": "sign on first"}
        if not self.reverse_pending():
            return {"is": "reversal-pending"}
        return None

    def transaction(self, action):
        blocked = self.blocked()
        if blocked:
            return blocked
        message = self.financial(action, self.next_stan())
        outcome = dict(self.attempt(action, message), stan=message[11])
        self.save()
        if self.profile["at_once"]:
            self.reverse_pending()
        return outcome

    def attempt(self, action, message):
        """Send a transaction once. What is pending afterwards is to be reversed."""
        def store(point):
            if action["do"] in REVERSED and self.profile["stored"] == point:
                self.state["pending"] = {"message": {str(k): v for k, v in message.items()}, "sent": 0, "reason": self.profile["reason"]}
                self.save()
            self.reach(point)

        try:
            store("before-connect")
            with self.connect() as line:
                store("before-send")
                reply = self.exchange(line, message, self.reach)
        except (CannotConnect, SendFailed, NoAnswer, Cancelled) as error:
            return failure(error)
        except iso87.Unreadable as error:
            if self.profile["delete"]:
                self.state["pending"] = None
            return failure(error)
        self.reach_after_reply()
        outcome = self.judged(message, reply)
        if outcome["is"] == "mismatch":
            self.because("mismatch")
            if self.profile["delete"]:
                self.state["pending"] = None
        elif outcome["is"] == "approved" and action.get("after_approval") in AFTER:
            outcome["is"], reason = AFTER[action["after_approval"]]
            self.because(reason)
        else:
            self.state["pending"] = None
        if outcome["is"] == "approved":
            self.book(action, message, reply)
        return outcome

    def reach_after_reply(self):
        try:
            self.reach("after-reply")
        except Cancelled:
            pass  # too late: the reply counts

    def because(self, reason):
        if self.state["pending"]:
            self.state["pending"]["reason"] = self.profile[reason]

    def book(self, action, message, reply):
        sale = {"id": action["id"], "do": action["do"], "mti": message[0], "stan": message[11],
                "time": message[7], "amount": action.get("amount", 0), "rrn": reply.get(37, ""),
                "card": message[2]}
        totals, amount = self.state["totals"], sale["amount"]
        if action["do"] in ("sale", "cash"):
            totals[0] += 1
            totals[1] += amount
            self.state["sales"].append(sale)
        elif action["do"] == "refund":
            totals[2] += 1
            totals[3] += amount
            self.state["sales"].append(sale)
        elif action["do"] == "void":
            original = self.original(action)
            if original:
                self.state["sales"].remove(original)
                first = 2 if original["do"] == "refund" else 0
                totals[first] -= 1
                totals[first + 1] -= original["amount"]

    def reverse_pending(self):
        """Reverse what is pending; True when nothing is left pending."""
        pending = self.state["pending"]
        if not pending:
            return True
        original = {int(k): v for k, v in pending["message"].items()}
        message = {n: original[n] for n in (2, 3, 4, 11, 14, 22, 25, 41, 42, 49, 60) if n in original}
        message[90] = original[0] + original[11] + original[7] + "0" * 22
        if pending["reason"]:
            message[39] = pending["reason"]
        broken = 0
        while broken < LINES:
            message[0] = "0400" if pending["sent"] == 0 else self.profile["repeat"]
            message.update(self.now())
            try:
                with self.connect() as line:
                    pending["sent"] += 1
                    self.save()
                    reply = self.exchange(line, message)
                if self.matches(message, reply) and reply.get(39) in ("00", "12", "25"):
                    self.state["pending"] = None
                    self.save()
                    return True
            except CannotConnect:
                return False
            except (SendFailed, NoAnswer, iso87.Unreadable):
                broken += 1
            if pending["sent"] > REPEATS:
                break
        if self.profile["drop"] and pending["sent"] > REPEATS:
            self.state["pending"] = None  # a slip of paper would be printed here
            self.save()
        return not self.state["pending"]

    # --- settlement ----------------------------------------------------------

    def settle(self):
        blocked = self.blocked()
        if blocked:
            return blocked
        totals = "%03d%012d%03d%012d" % tuple(self.state["totals"])
        message = self.header("0500", "920000", self.next_stan())
        message.update({60: "%06d" % self.state["batch"], 63: totals})
        try:
            with self.connect() as line:
                reply = self.exchange(line, message)
                if self.matches(message, reply) and reply.get(39) == "95":
                    self.upload(line)
                    message.update({3: "960000", 11: self.next_stan()})
                    reply = self.exchange(line, message)
        except (CannotConnect, SendFailed, NoAnswer, iso87.Unreadable) as error:
            return failure(error)
        outcome = self.judged(message, reply)
        if outcome["is"] == "approved":
            self.state.update(batch=self.state["batch"] % 999999 + 1, sales=[], totals=[0, 0, 0, 0])
            self.save()
        return outcome

    def upload(self, line):
        for sale in self.state["sales"]:
            message = self.header("0320", MESSAGES[sale["do"]][1], self.next_stan())
            message.update({2: sale["card"], 4: "%012d" % sale["amount"],
                            60: sale["mti"] + sale["stan"] + (sale["rrn"] or "0" * 12)})
            self.exchange(line, message)


# What follows an approval that comes to nothing: what is shown, and why it is
# reversed.
AFTER = {"card-declines": ("card-declined", "card"), "printer-fails": ("not-possible", "printer"), "card-removed": ("cancelled", "printer")}


def failure(error):
    names = {CannotConnect: "cannot-connect", SendFailed: "send-failed", iso87.Unreadable: "garbled", Cancelled: "cancelled"}
    return {"is": names.get(type(error), "no-answer"), "display": str(error)}


CAN = [*MESSAGES, *NETWORK, "settle", "power_cut", "restart", "press", "tls"]


def main():
    terminal = None
    for text in sys.stdin:
        message = json.loads(text)
        if "hello" in message:
            terminal = Terminal(message["hello"])
            answer = {"hello": {"protocol": 1, "name": "python-terminal", "can": CAN}}
        elif "action" in message:
            action = message["action"]
            answer = {"outcome": dict(terminal.perform(action), id=action["id"])}
        else:
            break
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
