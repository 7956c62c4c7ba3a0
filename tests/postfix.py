#!/usr/bin/env python3
"""A private Postfix for tests: on loopback, with STARTTLS and AUTH, delivering everything into one maildir.

    postfix.py start FOLDER    sets it up, starts it, prints what a client needs as JSON
    postfix.py stop FOLDER     stops it
    postfix.py read FOLDER     parses every delivered mail and prints it as JSON

Everything lies in FOLDER. Nothing is ever sent to another machine. Needs root, because Postfix changes users, and the
packages postfix, sasl2-bin, libsasl2-modules and openssl.
"""

import email
import email.policy
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

USER, PASSWORD, REALM = "countersign", "correct horse battery staple", "mail.test"
DAEMONS = ("/usr/lib/postfix/sbin", "/usr/libexec/postfix")


def run(*command, **more):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}: {done.stdout}")
    return done.stdout


def certificates(folder):
    """An authority of its own, a certificate for localhost, and an authority that signed nothing."""
    for name in ("ca", "stranger"):
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN=countersign test {name}", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
        "-keyout", folder / "server.key", "-out", folder / "server.csr")
    (folder / "server.ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
    run("openssl", "x509", "-req", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
        "-CAcreateserial", "-days", "2", "-extfile", folder / "server.ext", "-out", folder / "server.pem")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(folder):
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    postfix, nobody = pwd.getpwnam("postfix"), pwd.getpwnam("nobody")
    # Debian's Postfix looks for the settings of SASL only in `sasl` beside main.cf.
    conf, queue, data, mail, sasl = (folder / name for name in ("conf", "queue", "data", "mail", "conf/sasl"))
    for path in (conf, queue, data, mail, sasl):
        path.mkdir()
        path.chmod(0o755)
    os.chown(data, postfix.pw_uid, postfix.pw_gid)
    os.chown(mail, nobody.pw_uid, nobody.pw_gid)
    certificates(folder)

    run("saslpasswd2", "-p", "-c", "-f", sasl / "users", "-u", REALM, USER, input=PASSWORD)
    os.chown(sasl / "users", postfix.pw_uid, postfix.pw_gid)
    (sasl / "smtpd.conf").write_text(
        f"pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {sasl}/users\nmech_list: PLAIN LOGIN\n")

    port = free_port()
    daemons = next(path for path in DAEMONS if os.path.isdir(path))
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": queue, "data_directory": data, "daemon_directory": daemons, "mail_owner": "postfix",
        "myhostname": REALM, "mydestination": "", "mynetworks": "", "inet_interfaces": "127.0.0.1", "inet_protocols": "ipv4",
        "maillog_file": folder / "log", "maillog_file_prefixes": folder,
        "virtual_mailbox_domains": "static:all", "virtual_mailbox_maps": "static:box/", "virtual_mailbox_base": mail,
        "virtual_uid_maps": f"static:{nobody.pw_uid}", "virtual_gid_maps": f"static:{nobody.pw_gid}", "virtual_minimum_uid": "100",
        "default_transport": "error:nothing leaves this test", "relay_transport": "error:nothing leaves this test",
        "alias_maps": "", "alias_database": "", "local_recipient_maps": "", "smtpd_peername_lookup": "no", "smtputf8_enable": "no",
        "smtpd_tls_security_level": "may", "smtpd_tls_auth_only": "yes", "smtpd_tls_chain_files": f"{folder}/server.key, {folder}/server.pem",
        "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_path": "smtpd", "cyrus_sasl_config_path": sasl, "smtpd_sasl_local_domain": REALM,
        "smtpd_relay_restrictions": "permit_sasl_authenticated, reject", "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject",
        "smtpd_error_sleep_time": "0", "message_size_limit": "20480000", "disable_vrfy_command": "yes",
    }
    (conf / "main.cf").write_text("".join(f"{name} = {value}\n" for name, value in settings.items()))
    services = [f"127.0.0.1:{port} inet n - n - - smtpd"]
    services += [f"{name} unix {rest}" for name, rest in {
        "pickup": "n - n 60 1 pickup", "cleanup": "n - n - 0 cleanup", "qmgr": "n - n 300 1 qmgr", "tlsmgr": "- - n 1000? 1 tlsmgr",
        "rewrite": "- - n - - trivial-rewrite", "bounce": "- - n - 0 bounce", "defer": "- - n - 0 bounce", "trace": "- - n - 0 bounce",
        "verify": "- - n - 1 verify", "flush": "n - n 1000? 0 flush", "proxymap": "- - n - - proxymap", "error": "- - n - - error",
        "retry": "- - n - - error", "discard": "- - n - - discard", "virtual": "- n n - - virtual", "anvil": "- - n - 1 anvil",
        "scache": "- - n - 1 scache", "showq": "n - n - - showq",
    }.items()]
    services.append("postlog unix-dgram n - n - 1 postlogd")
    (conf / "master.cf").write_text("\n".join(services) + "\n")
    run("postfix", "-c", conf, "start")
    for _ in range(100):
        try:
            with socket.create_connection(("127.0.0.1", port), 1) as probe:
                if probe.recv(3) == b"220":
                    break
        except OSError:
            time.sleep(0.1)
    else:
        stop(folder)
        sys.exit(f"postfix does not answer: {(folder / 'log').read_text()}")
    print(json.dumps({"host": "localhost", "port": port, "user": f"{USER}@{REALM}", "password": PASSWORD,
                      "ca": str(folder / "ca.pem"), "stranger": str(folder / "stranger.pem"),
                      "maildir": str(mail / "box" / "new"), "log": str(folder / "log")}))


def stop(folder):
    subprocess.run(["postfix", "-c", folder / "conf", "stop"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def read(folder):
    """What a mail program sees, and every defect that the parser finds."""
    out = []
    new = folder / "mail" / "box" / "new"
    for path in sorted(new.iterdir()) if new.is_dir() else []:
        raw = path.read_bytes()
        message = email.message_from_bytes(raw, policy=email.policy.default)
        defects = [str(defect) for part in message.walk() for defect in part.defects]
        defects += [f"{name}: {defect}" for part in message.walk() for name, value in part.items() for defect in getattr(value, "defects", ())]
        to = message["to"].addresses
        text, html = message.get_body(("plain",)), message.get_body(("html",))
        out.append({
            "message_id": message["message-id"], "subject": message["subject"], "from": str(message["from"].addresses[0].display_name),
            "to_name": to[0].display_name, "to": to[0].addr_spec, "recipients": len(to), "type": message.get_content_type(),
            "auto_submitted": message["auto-submitted"], "date": message["date"].datetime.isoformat(), "headers": message.keys(),
            "text": text.get_content() if text else None, "html": html.get_content() if html else None,
            "attachments": [[part.get_filename(), part.get_content_type(), len(part.get_content())] for part in message.iter_attachments()],
            "defects": defects, "ascii": raw.isascii(), "longest_line": max(map(len, re.split(rb"\r?\n", raw))),
        })
    print(json.dumps(out))


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop", "read"):
        sys.exit(__doc__)
    if sys.argv[1] == "start" and not all(map(shutil.which, ("postfix", "saslpasswd2", "openssl"))):
        sys.exit("postfix, saslpasswd2 or openssl is missing")
    {"start": start, "stop": stop, "read": read}[sys.argv[1]](Path(sys.argv[2]).resolve())
