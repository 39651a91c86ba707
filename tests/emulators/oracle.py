"""The request oracle: what botocore would send, and what its models say about answers.

Reads one question a line (JSON) from standard input and prints one answer a line, in the same order.

  {"ask": "request", "service", "operation", "region", "params", "headers"}
      -> {"method", "url", "headers", "body", "signing_name", "signing_region"}
         `params` are farwatch's: by their names on the wire, or by their names in the model where the wire has none.
         `headers` is the read's own table, header -> parameter.
  {"ask": "model", "service", "operation"}
      -> {"protocol", "input", "output", "errors", "service_errors", "pages", "shapes"}

Either gives {"error": ...} where botocore does not know the thing. Nothing is sent anywhere.
"""

import json
import sys

import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.config import Config

# farwatch's service keys that are not botocore's service names. The others are equal.
NAMES = {
    "elasticloadbalancing": "elb",
    "monitoring": "cloudwatch",
    "states": "stepfunctions",
}
# Waiting helps nobody here; S3 as farwatch does it: regional hosts, also in us-east-1.
CONFIG = Config(
    retries={"max_attempts": 0, "mode": "standard"},
    s3={"us_east_1_regional_endpoint": "regional"},
)

SESSION = botocore.session.Session()
CLIENTS = {}


def client(service, region):
    key = (service, region)
    if key not in CLIENTS:
        made = SESSION.create_client(
            NAMES.get(service, service),
            region_name=region,
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="not-a-secret",
            config=CONFIG,
        )
        caught = []

        def catch(request, **_):
            caught.append(request)
            return AWSResponse(request.url, 200, {}, Nothing())

        made.meta.events.register_last("before-send", catch)
        CLIENTS[key] = (made, caught)
    return CLIENTS[key]


class Nothing:
    """The body of an answer that says nothing."""

    def stream(self, *_, **__):
        yield b""

    def read(self, *_, **__):
        return b""


# --- requests ------------------------------------------------------------------------------------


def input_names(shape, protocol):
    """What each member is called in a request, and where it travels: wire name -> (member, shape)."""
    names = {}
    for member, inner in shape.members.items():
        own = inner.serialization
        wire = own.get("name", member)
        if protocol == "ec2":
            wire = own.get("queryName") or wire[:1].upper() + wire[1:]
        names[wire] = (member, inner)
    return names


def to_botocore(shape, value, protocol):
    """Parameters by their wire names -> botocore's parameters."""
    if shape.type_name == "structure" and isinstance(value, dict):
        names = input_names(shape, protocol)
        out = {}
        for wire, inner in value.items():
            if wire in names:
                member, inner_shape = names[wire]
            else:
                raise KeyError(f"{shape.name} has no member that is `{wire}` on the wire")
            out[member] = to_botocore(inner_shape, inner, protocol)
        return out
    if shape.type_name == "list" and isinstance(value, list):
        return [to_botocore(shape.member, inner, protocol) for inner in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: to_botocore(shape.value, inner, protocol) for key, inner in value.items()}
    return value


def top_level(shape, params, protocol, headers):
    """Like to_botocore; members of the path and of headers have no name of their own on the wire."""
    given = {}
    free = {}
    in_headers = {member: header for header, member in headers.items()}
    for wire, value in params.items():
        inner = shape.members.get(wire)
        location = inner.serialization.get("location") if inner is not None else None
        if location == "uri":
            given[wire] = value
        elif location in ("header", "headers"):
            if in_headers.get(wire, "").lower() != inner.serialization.get("name", wire).lower():
                raise KeyError(f"`{wire}` travels in the header {inner.serialization.get('name')}")
            given[wire] = value
        else:
            free[wire] = value
    given.update(to_botocore(shape, free, protocol))
    return given


def request(question):
    made, caught = client(question["service"], question["region"])
    model = made.meta.service_model
    operation = model.operation_model(question["operation"])
    params = question["params"]
    if operation.input_shape is not None:
        params = top_level(operation.input_shape, params, model.resolved_protocol, question["headers"])
    elif params:
        raise KeyError(f"{question['operation']} takes no parameters")
    caught.clear()
    failed = None
    method = {wire: python for python, wire in made.meta.method_to_api_mapping.items()}[question["operation"]]
    try:
        getattr(made, method)(**params)
    except Exception as error:  # the answer says nothing, so reading it may fail; the request is what counts
        failed = error
    if not caught:
        raise RuntimeError(str(failed))
    sent = caught[0]
    body = sent.body
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, dict):
        raise TypeError("a body that was not encoded")
    if isinstance(body, bytes):
        body = body.decode()
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value) for name, value in sent.headers.items()
    }
    # Credential=AKID/date/region/service/aws4_request
    scope = headers["authorization"].split("Credential=", 1)[1].split(",", 1)[0].split("/")
    return {
        "method": sent.method,
        "url": sent.url,
        "headers": headers,
        "body": body or "",
        "signing_region": scope[-3],
        "signing_name": scope[-2],
    }


# --- models --------------------------------------------------------------------------------------


def edge(shape, protocol, seen, wire):
    """How a shape is reached: its name, and what only this use of it says."""
    node(shape, protocol, seen)
    return {
        "shape": shape.name,
        "wire": wire,
        "location": shape.serialization.get("location"),
        "flattened": bool(shape.serialization.get("flattened")),
        # Deprecated members and formats are said of the use, too.
        "format": shape.serialization.get("timestampFormat"),
    }


def wire_name(member, shape, protocol):
    name = shape.serialization.get("name", member)
    if protocol in ("query", "ec2", "rest-xml"):
        if shape.type_name == "list" and shape.serialization.get("flattened"):
            name = shape.member.serialization.get("name", name)
        if shape.serialization.get("xmlAttribute"):
            name = "@" + name
    return name


def node(shape, protocol, seen):
    if shape.name in seen:
        return
    made = {"type": shape.type_name}
    seen[shape.name] = made
    if shape.type_name == "structure":
        made["members"] = {
            member: edge(inner, protocol, seen, wire_name(member, inner, protocol))
            for member, inner in shape.members.items()
        }
    elif shape.type_name == "list":
        made["member"] = edge(shape.member, protocol, seen, shape.member.serialization.get("name", "member"))
    elif shape.type_name == "map":
        made["key"] = edge(shape.key, protocol, seen, shape.key.serialization.get("name", "key"))
        made["value"] = edge(shape.value, protocol, seen, shape.value.serialization.get("name", "value"))
    else:
        made["enum"] = list(getattr(shape, "enum", None) or [])
        for bound in ("min", "max"):
            if bound in shape.metadata:
                made[bound] = shape.metadata[bound]


def body_of(shape):
    """The shape that the body of an answer has."""
    payload = shape.serialization.get("payload")
    return shape.members[payload] if payload else shape


def model(question):
    made, _ = client(question["service"], "us-east-1")
    service = made.meta.service_model
    protocol = service.resolved_protocol
    operation = service.operation_model(question["operation"])
    seen = {}
    out = {"protocol": protocol, "input": {}, "output": None, "wrapper": None, "bounds": {}}
    if operation.input_shape is not None:
        for wire, (member, inner) in input_names(operation.input_shape, protocol).items():
            out["input"][wire] = edge(inner, protocol, seen, wire)
            # In the path and in headers a member has no name of its own on the wire.
            if inner.serialization.get("location") in ("uri", "header"):
                out["input"][member] = out["input"][wire]
            bounds = {key: inner.metadata[key] for key in ("min", "max") if key in inner.metadata}
            if inner.type_name in ("integer", "long"):
                out["bounds"][wire] = bounds
    if operation.output_shape is not None:
        shape = body_of(operation.output_shape)
        out["output"] = edge(shape, protocol, seen, "")
        out["wrapper"] = operation.output_shape.serialization.get("resultWrapper")

    def codes(shapes):
        return sorted({shape.error_code for shape in shapes} | {shape.name for shape in shapes})

    out["errors"] = codes(operation.error_shapes)
    out["service_errors"] = codes(service.error_shapes)
    out["pages"] = None
    method = {wire: python for python, wire in made.meta.method_to_api_mapping.items()}[question["operation"]]
    if made.can_paginate(method):
        out["pages"] = made.get_paginator(method)._pagination_cfg  # noqa: SLF001 (there is no public way)
    out["shapes"] = seen
    return out


def main():
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = request(question) if question["ask"] == "request" else model(question)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=str))


main()
