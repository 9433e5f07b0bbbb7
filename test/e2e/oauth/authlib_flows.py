"""The flows of a Python program that shares no code with us: authlib, as it comes.

It says each flow that it has completed, one a line; what fails ends it.
"""

import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback without TLS

import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session, OAuthError
from authlib.jose import JsonWebKey, jwt
from authlib.oauth2.rfc7636 import create_s256_code_challenge

env = os.environ
metadata = requests.get(f"{env['ISSUER']}/.well-known/openid-configuration", timeout=10).json()
keys = JsonWebKey.import_key_set(requests.get(metadata["jwks_uri"], timeout=10).json())


def check(condition, what):
    if not condition:
        sys.exit(what)


def session(**more):
    return OAuth2Session(
        env["CLIENT_ID"],
        env["CLIENT_SECRET"],
        scope="openid profile orders:read",
        redirect_uri=env["REDIRECT_URI"],
        **more,
    )


def authorized(client, verifier, nonce):
    """The address that a browser in which somebody is logged in is sent to."""
    address, state = client.create_authorization_url(
        metadata["authorization_endpoint"],
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    answer = requests.get(
        address, cookies={"ledgate": env["SESSION"]}, allow_redirects=False, timeout=10
    )
    return answer.headers["location"], state


client, verifier, nonce = session(), generate_token(48), generate_token(16)
back, state = authorized(client, verifier, nonce)
token = client.fetch_token(
    metadata["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
)
claims = jwt.decode(
    token["id_token"],
    keys,
    claims_options={
        "iss": {"essential": True, "value": env["ISSUER"]},
        "aud": {"essential": True, "value": env["CLIENT_ID"]},
        "nonce": {"essential": True, "value": nonce},
    },
)
claims.validate()
check(claims["sub"] == env["SUBJECT"], "an ID token of somebody else")
print("code flow", flush=True)

person = client.get(metadata["userinfo_endpoint"], timeout=10).json()
check(person["sub"] == env["SUBJECT"], "userinfo of somebody else")
print("userinfo", flush=True)

refreshed = client.refresh_token(metadata["token_endpoint"], refresh_token=token["refresh_token"])
check(refreshed["refresh_token"] != token["refresh_token"], "the refresh gave nothing new")
print("refresh", flush=True)

answer = client.introspect_token(
    metadata["introspection_endpoint"], token=refreshed["access_token"]
).json()
check(answer["active"] and answer["sub"] == env["SUBJECT"], "introspection")
client.revoke_token(metadata["revocation_endpoint"], token=refreshed["access_token"])
answer = client.introspect_token(
    metadata["introspection_endpoint"], token=refreshed["access_token"]
).json()
check(answer == {"active": False}, "a revoked token is active")
print("introspection and revocation", flush=True)

service = OAuth2Session(env["CLIENT_ID"], env["CLIENT_SECRET"], scope="orders:read")
service.fetch_token(metadata["token_endpoint"], grant_type="client_credentials")
print("client credentials", flush=True)

client, verifier = session(), generate_token(48)
back, state = authorized(client, verifier, generate_token(16))
try:
    client.fetch_token(
        metadata["token_endpoint"],
        authorization_response=back,
        state=state,
        code_verifier=generate_token(48),
    )
    sys.exit("a wrong verifier was taken")
except OAuthError as error:
    check(error.error == "invalid_grant", error.error)
print("wrong verifier refused", flush=True)
