"""What a Mosquitto of the tests reads: certificates, passwords, the ACL of docs/ref/transfer.md."""

import subprocess


def certify(folder, authority, subject, names):
    """ca.crt of an authority called so; broker.crt and broker.key, good for `names`."""
    def openssl(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *curve, "-keyout", folder / "ca.key", "-out", folder / "ca.crt",
            "-days", 30, "-subj", f"/CN={authority}")
    openssl("req", *curve, "-keyout", folder / "broker.key", "-out", folder / "broker.csr",
            "-subj", f"/CN={subject}")
    (folder / "san").write_text(f"subjectAltName={names}\n")
    openssl("x509", "-req", "-in", folder / "broker.csr", "-CA", folder / "ca.crt",
            "-CAkey", folder / "ca.key", "-CAcreateserial", "-days", 30, "-out",
            folder / "broker.crt", "-extfile", folder / "san")


def keep_passwords(file, passwords):
    for name, password in passwords.items():
        create = [] if file.exists() else ["-c"]
        subprocess.run(["mosquitto_passwd", "-b", *create, file, name, password], check=True,
                       capture_output=True)


def confine(file, gateway):
    file.write_text(f"user house\ntopic readwrite ls1/{gateway}/#\n\n"
                    "pattern write ls1/+/i/%u/+\npattern read ls1/+/o/%u/#\n")
