#!/usr/bin/env python3
"""The example of examples/agency in Python, standard library only: it hears an event and answers its opinion gate."""
import base64, hashlib, hmac, http.server, json, os, sys, time, urllib.request

SECRET = base64.b64decode(os.environ["JIXU_SECRET"].removeprefix("whsec_"))


def sign(message, timestamp, body):
    mac = hmac.new(SECRET, f"{message}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def verified(headers, body):
    message, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > 300:
        return False
    want = sign(message, timestamp, body)
    return any(hmac.compare_digest(got.encode(), want.encode()) for got in headers.get("webhook-signature", "").split())


def answer(event, about, gate, submission):
    findings = [{"question": q, "met": True, "reason": "经评估，符合要求。"} for q in ("capability", "urgency", "quantity")]
    body = json.dumps({"about": about, "gate": gate, "person": os.environ["PERSON"], "submission": submission, "opinion": {"findings": findings}}).encode()
    message, timestamp = "msg_" + hashlib.sha256(f"{event}-{gate}".encode()).hexdigest()[:32], str(int(time.time()))
    headers = {"Content-Type": "application/json", "Jixu-Organisation": os.environ["JIXU_ORGANISATION"], "webhook-id": message,
               "webhook-timestamp": timestamp, "webhook-signature": sign(message, timestamp, body)}
    request = urllib.request.Request(os.environ["JIXU_SITE"] + "/callbacks/v1/answers", body, headers)
    with urllib.request.urlopen(request, timeout=15) as response:  # anything but 2xx raises, and the event comes again
        print("receipt", response.read().decode().strip(), flush=True)


class Events(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), 1 << 20))
        if not verified(self.headers, body):
            return self.send_error(401)
        event = json.loads(body)
        for gate in (g for g in event["data"].get("gates", []) if g.startswith("opinion-")):
            answer(event["id"], event["data"]["about"], gate, event["data"]["submission"])
        self.send_response(204)
        self.end_headers()


host, port = os.environ["LISTEN"].rsplit(":", 1)
server = http.server.HTTPServer((host, int(port)), Events)
print(f"http://{host}:{server.server_port}/events", flush=True)
sys.exit(server.serve_forever())
