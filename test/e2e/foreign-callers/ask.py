"""Asks a running authorizer with nothing but grpcio and code generated from the protos.

usage: ask.py FOLDER_OF_GENERATED_CODE ADDRESS CALLER_KEY SUBJECT_KEY ACTION RESOURCE
Prints one JSON object: who the subject is and what it may do.
"""

import json
import sys

folder, address, caller, subject, action, resource = sys.argv[1:]
sys.path.insert(0, folder)

import grpc  # noqa: E402
from ledgate.authorizer.v1 import authorizer_pb2 as messages  # noqa: E402
from ledgate.authorizer.v1 import authorizer_pb2_grpc as services  # noqa: E402

metadata = [("authorization", f"Bearer {caller}")]
credential = messages.Credential(api_key=subject)

with grpc.insecure_channel(address) as channel:
    authorizer = services.AuthorizerServiceStub(channel)
    who = authorizer.Authenticate(
        messages.AuthenticateRequest(credential=credential), metadata=metadata, timeout=10
    )
    decided = authorizer.Authorize(
        messages.AuthorizeRequest(credential=credential, action=action, resource=resource),
        metadata=metadata,
        timeout=10,
    )
    try:
        authorizer.Authenticate(messages.AuthenticateRequest(credential=credential), timeout=10)
        unasked = "answered"
    except grpc.RpcError as error:
        unasked = error.code().name

print(
    json.dumps(
        {
            "authenticated": who.authenticated,
            "principalId": who.identity.principal_id,
            "decision": messages.Decision.Name(decided.decision),
            "withoutCredential": unasked,
        }
    )
)
