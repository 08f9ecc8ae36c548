#!/usr/bin/env python3
"""A small POS terminal in Python, which can be pointed at acqsim.

    acqsim serve --listen 127.0.0.1:8585=iso87-ascii --cause reply-lost
    echo '{"hello": {"host": "127.0.0.1:8585", …}}' | python3 terminal.py

It reads one JSON object per line and answers each with one: a hello with the
host's address, terminal, merchant, cards and timeouts; then actions, such as
{"action": {"id": 1, "do": "sale", "amount": 1000}}, of which each comes back
with its outcome. examples_test.go shows a whole conversation.

It is meant to be read: one way in which correct firmware can be built, which
is not the way of acqsim's own terminal. It opens a connection for every
message, reverses at once when an answer fails to come, and blocks until the
reversal is settled. Nothing but Python's own library is needed.
"""

import json
import os
import socket
import sys
import time

import iso87

PENDING_TYPES = ("sale", "void", "cash", "pre_auth", "pre_auth_void", "completion", "completion_void")
PROCESSING = {"sale": "000000", "void": "020000", "refund": "200000", "inquiry": "310000", "cash": "010000"}
REPEATS = 3  # of a reversal, before it is kept for later


class NoAnswer(Exception):
    """Sent, and no valid reply before the timeout."""


class CannotConnect(Exception):
    """No connection; nothing was sent."""


class SendFailed(Exception):
    """The connection broke while sending."""


class Terminal:
    def __init__(self, hello):
        host, _, port = hello["host"].rpartition(":")
        self.address = (host.strip("[]"), int(port))
        self.id = hello["terminal"].ljust(8)[:8]
        self.merchant = hello["merchant"].ljust(15)[:15]
        self.cards = hello.get("cards", {})
        self.connect_timeout = hello.get("connect_timeout_ms", 5000) / 1000
        self.timeout = hello.get("response_timeout_ms", 30000) / 1000
        self.path = hello.get("state") or ""
        self.state = {"stan": 0, "batch": 1, "pending": None, "sales": [], "totals": [0, 0, 0, 0]}
        self.lose_power = None
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
        try:
            return socket.create_connection(self.address, self.connect_timeout)
        except OSError as error:
            raise CannotConnect(str(error)) from error

    def exchange(self, line, request):
        """Send a request and return the reply that answers it."""
        deadline = time.monotonic() + self.timeout
        try:
            line.settimeout(self.timeout)
            line.sendall(iso87.pack(request))
        except OSError as error:
            raise SendFailed(str(error)) from error
        while True:
            reply = iso87.unpack(self.read_frame(line, deadline))
            if int(reply.get(11, "0") or 0) < int(request[11]) and reply.get(11) != request[11]:
                continue  # an answer to something earlier: late, and of no use any more
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
            except OSError as error:
                raise NoAnswer(str(error)) from error
            if not piece:
                raise NoAnswer("the host closed the connection")
            data += piece
        return data

    # --- messages ------------------------------------------------------------

    def header(self, mti, processing, stan):
        now = time.gmtime()
        return {0: mti, 3: processing, 7: time.strftime("%m%d%H%M%S", now), 11: stan,
                12: time.strftime("%H%M%S", now), 13: time.strftime("%m%d", now),
                41: self.id, 42: self.merchant}

    def financial(self, action, stan):
        message = self.header("0200", PROCESSING[action["do"]], stan)
        card = self.cards[action.get("card") or "good"]
        message.update({2: card["pan"], 14: card["expiry"], 22: "012", 25: "00",
                        49: "%03d" % action.get("currency", 156), 60: "%06d" % self.state["batch"]})
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

    # --- actions -------------------------------------------------------------

    def perform(self, action):
        do = action["do"]
        if do in PROCESSING:
            return self.transaction(action)
        if do in ("sign_on", "echo", "sign_off"):
            return self.network(do)
        if do == "settle":
            return self.settle()
        if do == "wait":
            time.sleep(action.get("ms", 0) / 1000)
            return {"is": "approved"}
        if do == "power_cut":
            self.lose_power = action.get("at", "after-send")
            return {"is": "approved"}
        if do == "restart":
            self.load()
            self.reverse_pending()
            return {"is": "approved"}
        return {"is": "not-possible", "display": "this terminal can't do " + do}

    def network(self, do):
        message = self.header("0800", "000000", self.next_stan())
        del message[3]
        message[70] = {"sign_on": "001", "sign_off": "002", "echo": "301"}[do]
        try:
            with self.connect() as line:
                return self.judged(message, self.exchange(line, message))
        except (CannotConnect, SendFailed, NoAnswer, iso87.Unreadable) as error:
            return failure(error)

    def transaction(self, action):
        if self.state["pending"] and not self.reverse_pending():
            return {"is": "reversal-pending"}
        message = self.financial(action, self.next_stan())
        reversible = action["do"] in PENDING_TYPES
        try:
            with self.connect() as line:
                if reversible:
                    self.state["pending"] = {"message": {str(k): v for k, v in message.items()}, "sent": 0, "reason": "98"}
                    self.save()
                reply = self.exchange(line, message)
        except (SendFailed, NoAnswer, iso87.Unreadable) as error:
            if reversible:
                self.reverse_pending()
            return dict(failure(error), stan=message[11])
        except CannotConnect as error:
            return failure(error)

        outcome = dict(self.judged(message, reply), stan=message[11])
        if outcome["is"] == "mismatch":
            if reversible:
                self.reverse_pending()
            return outcome
        self.state["pending"] = None
        if outcome["is"] == "approved":
            self.book(action, message, reply)
            outcome.update(rrn=reply.get(37, ""), approval=reply.get(38, ""))
        self.save()
        return outcome

    def judged(self, request, reply):
        if not self.matches(request, reply):
            return {"is": "mismatch"}
        if 39 not in reply:
            return {"is": "mismatch", "display": "no response code"}
        if reply[39] == "00":
            return {"is": "approved", "code": "00"}
        return {"is": "declined", "code": reply[39]}

    def book(self, action, message, reply):
        sale = {"id": action["id"], "do": action["do"], "mti": message[0], "stan": message[11],
                "time": message[7], "amount": action.get("amount", 0), "rrn": reply.get(37, ""),
                "card": message.get(2, "")}
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
        message = {n: original[n] for n in (2, 3, 4, 14, 22, 25, 41, 42, 49, 60) if n in original}
        message[90] = original[0] + original[11] + original[7] + "0" * 22
        message[39] = pending["reason"]
        if not pending.get("stan"):
            pending["stan"] = self.next_stan()
        message[11] = pending["stan"]
        for _ in range(1 + REPEATS):
            message[0] = "0400" if pending["sent"] == 0 else "0401"
            now = time.gmtime()
            message.update({7: time.strftime("%m%d%H%M%S", now), 12: time.strftime("%H%M%S", now),
                            13: time.strftime("%m%d", now)})
            try:
                with self.connect() as line:
                    pending["sent"] += 1
                    self.save()
                    reply = self.exchange(line, message)
            except CannotConnect:
                return False
            except (SendFailed, NoAnswer, iso87.Unreadable):
                continue
            if self.matches(message, reply) and reply.get(39) in ("00", "12", "25"):
                self.state["pending"] = None
                self.save()
                return True
        return False

    def settle(self):
        if self.state["pending"] and not self.reverse_pending():
            return {"is": "reversal-pending"}
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
            message = self.header("0320", PROCESSING[sale["do"]], self.next_stan())
            message.update({2: sale["card"], 4: "%012d" % sale["amount"],
                            60: sale["mti"] + sale["stan"] + (sale["rrn"] or "0" * 12)})
            self.exchange(line, message)


def failure(error):
    names = {CannotConnect: "cannot-connect", SendFailed: "send-failed", iso87.Unreadable: "garbled"}
    return {"is": names.get(type(error), "no-answer"), "display": str(error)}


def main():
    terminal = None
    for text in sys.stdin:
        message = json.loads(text)
        if "hello" in message:
            terminal = Terminal(message["hello"])
            answer = {"hello": {"protocol": 1, "name": "python-terminal", "can": [
                "sale", "void", "refund", "inquiry", "cash", "sign_on", "sign_off", "echo", "settle", "wait", "restart"]}}
        elif "action" in message:
            action = message["action"]
            answer = {"outcome": dict(terminal.perform(action), id=action["id"])}
        else:
            break
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
