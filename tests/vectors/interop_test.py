"""Round trips with age (apt), age-encryption and jose (npm), PyJWT and openssl, both ways."""

import base64
import json
import os
import pathlib
import subprocess

import jwt
import pytest

TOOL = os.environ["INTEROP_TOOL"]
NPM = os.environ["NPM_FOLDER"]
HERE = pathlib.Path(__file__).parent
SIZES = [0, 1, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 3_000_000]
SEED = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
TYP = "ls-req+jwt"
PAYLOAD = '{"v":1,"iss":"x","exp":4102444800}'


def run_bytes(*command, cwd=None):
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True,
                          check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def run(*command, cwd=None):
    return run_bytes(*command, cwd=cwd).decode()


def npm(*arguments):
    assert pathlib.Path(NPM, "fetched").exists(), "run tests/vectors/fetch first"
    return run("node", HERE / "interop.mjs", *arguments, cwd=NPM)


@pytest.fixture(scope="module", name="key")
def make_key(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "key.txt"
    run("age-keygen", "-o", path)
    secret = path.read_text().splitlines()[-1]
    return path, secret, run("age-keygen", "-y", path).strip()


@pytest.mark.parametrize("size", SIZES)
def test_age_files(tmp_path, key, size):
    path, secret, recipient = key
    plain = os.urandom(size)
    (tmp_path / "plain").write_bytes(plain)
    ours, theirs = tmp_path / "ours.age", tmp_path / "theirs.age"

    run(TOOL, "seal", recipient, tmp_path / "plain", ours)
    assert run_bytes("age", "-d", "-i", path, ours) == plain
    npm("open", secret, ours, tmp_path / "by_npm")
    assert (tmp_path / "by_npm").read_bytes() == plain

    run("age", "-r", recipient, "-o", theirs, tmp_path / "plain")
    run(TOOL, "open", secret, theirs, tmp_path / "by_us")
    assert (tmp_path / "by_us").read_bytes() == plain
    npm("seal", recipient, tmp_path / "plain", theirs)
    run(TOOL, "open", secret, theirs, tmp_path / "by_us")
    assert (tmp_path / "by_us").read_bytes() == plain


def test_one_byte_after_the_end_is_refused_by_both(tmp_path, key):
    path, secret, recipient = key
    (tmp_path / "plain").write_bytes(b"clip")
    sealed = tmp_path / "sealed.age"
    run(TOOL, "seal", recipient, tmp_path / "plain", sealed)
    sealed.write_bytes(sealed.read_bytes() + b"\0")
    for command in (["age", "-d", "-i", path, sealed], [TOOL, "open", secret, sealed, "/dev/null"]):
        assert subprocess.run(command, capture_output=True, check=False).returncode != 0


@pytest.fixture(scope="module", name="signed")
def sign():
    jwk, compact = run(TOOL, "sign", SEED, TYP, PAYLOAD).splitlines()
    return jwk, compact


def test_pyjwt_verifies(signed):
    jwk, compact = signed
    key = jwt.algorithms.OKPAlgorithm.from_jwk(jwk)
    assert jwt.decode(compact, key, algorithms=["EdDSA"]) == json.loads(PAYLOAD)
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(compact[:-8] + "AAAAAAAA"[:7] + "A", key, algorithms=["EdDSA"])


def test_jose_verifies_and_signs(signed):
    jwk, compact = signed
    assert npm("verify", jwk, compact).strip() == PAYLOAD
    seed = base64.urlsafe_b64encode(bytes.fromhex(SEED)).rstrip(b"=").decode()
    private = dict(json.loads(jwk), d=seed)
    theirs = npm("sign", json.dumps(private), TYP, PAYLOAD).strip()
    assert run(TOOL, "verify", jwk, TYP, theirs).strip() == PAYLOAD


def test_openssl_verifies(tmp_path, signed):
    jwk, compact = signed
    text, signature = compact.rsplit(".", 1)
    (tmp_path / "text").write_text(text)
    (tmp_path / "signature").write_bytes(base64.urlsafe_b64decode(signature + "=="))
    # SubjectPublicKeyInfo of Ed25519 (RFC 8410): a fixed start, then the 32 bytes.
    key = bytes.fromhex("302a300506032b6570032100")
    key += base64.urlsafe_b64decode(json.loads(jwk)["x"] + "=")
    (tmp_path / "key.der").write_bytes(key)
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", tmp_path / "key.der",
               "-keyform", "DER", "-in", tmp_path / "text", "-sigfile", tmp_path / "signature"]
    run(*command)
    (tmp_path / "text").write_text(text + "x")
    assert subprocess.run(command, capture_output=True, check=False).returncode != 0


def test_pyjwt_signs():
    key = jwt.algorithms.OKPAlgorithm.from_jwk(json.dumps({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}))
    kid = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    theirs = jwt.encode(json.loads(PAYLOAD), key, algorithm="EdDSA",
                        headers={"kid": kid, "typ": TYP})
    jwk = run(TOOL, "sign", SEED, TYP, PAYLOAD).splitlines()[0]
    assert json.loads(run(TOOL, "verify", jwk, TYP, theirs)) == json.loads(PAYLOAD)
