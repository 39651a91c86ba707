#!/usr/bin/env python3
"""What the published specifications say of the declared reads: one file per service in tests/azure/specification/.

    specification.py --openapi FOLDER COMMIT   Azure/azure-rest-api-specs at that commit
                     --sdk FOLDER...           azure-mgmt-network, unpacked: made by Microsoft from the same documents;
                                               for versions that the folder of documents has not
                     --csdl FILE COMMIT        microsoftgraph/msgraph-metadata, schemas/v1.0-Prod.csdl

Operations and versions are those of the reads in controls/. Of each: method, path, parameters of the query, the member
that links to the next page, and the members of the answer with their types. The standard library is enough.

Not described: what lies in itself (a subnet of a group of a subnet), the properties of another resource that is only
referred to, and properties within properties within properties.
"""

import argparse
import ast
import json
import pathlib
import re
import xml.etree.ElementTree as xml

HERE = pathlib.Path(__file__).resolve().parent
CONTROLS = HERE.parent.parent / "controls"
DEEP = 2


class Look:
    """One value of an answer: what it is, and what is in it."""

    def __init__(self, kind, enum=None, element=None, members=None, name=None, required=False, default=None):
        self.kind, self.enum, self.element, self.name = kind, enum, element, name
        self.required, self.default = required, default
        # A function, since types refer to one another.
        self.members = members or dict


def merged(looks):
    """Several things that one value may be."""
    if len(looks) == 1:
        return looks[0]
    enums = [look.enum for look in looks]
    elements = [look.element for look in looks if look.element]

    def members():
        found = {}
        for look in looks:
            for name, member in look.members().items():
                found.setdefault(name, []).append(member)
        for some in found.values():
            some[0].required = len(some) == len(looks) and all(member.required for member in some)
        return {name: merged(some) for name, some in found.items()}

    return Look(
        "|".join(sorted({look.kind for look in looks})),
        sorted({word for enum in enums for word in enum}) if all(enums) else None,
        (lambda: merged([element() for element in elements])) if elements else None,
        members,
        "|".join(sorted({look.name for look in looks if look.name})) or None,
        looks[0].required,
        looks[0].default,
    )


def with_kinds(base, kinds, by=None, words=()):
    """A type and its kinds: what only a kind has is not required."""

    def members():
        found = dict(base.members())
        for kind in kinds:
            for name, member in kind.members().items():
                if name not in found:
                    member.required = False
                    found[name] = member
                elif name not in base.members():
                    found[name] = merged([found[name], member])
        if by in found and not found[by].enum:
            found[by].enum = sorted(words)
        return found

    return Look(base.kind, base.enum, base.element, members, base.name, base.required, base.default)


class OpenApi:
    def __init__(self, folder, commit):
        self.folder, self.commit, self.documents = pathlib.Path(folder), commit, {}

    def document(self, path):
        path = path.resolve()
        if path not in self.documents:
            self.documents[path] = json.loads(path.read_text(encoding="utf-8-sig"))
        return self.documents[path]

    def follow(self, schema, path):
        name = None
        while "$ref" in schema:
            file, _, inner = schema["$ref"].partition("#")
            path = (path.parent / file).resolve() if file else path
            schema = self.document(path)
            for step in inner.strip("/").split("/"):
                name = step.replace("~1", "/").replace("~0", "~")
                schema = schema[name]
        return schema, path, name

    def look(self, schema, path, required=False):
        default = schema.get("default")
        schema, path, name = self.follow(schema, path)
        default = schema.get("default", default)
        kind = schema.get("type")
        required = required and not schema.get("x-nullable")
        if kind == "array":
            return Look("array", element=lambda: self.look(schema["items"], path), required=required)
        if kind in ("string", "integer", "number", "boolean"):
            time = kind == "string" and schema.get("format") == "date-time"
            enum = [word for word in schema.get("enum", []) if isinstance(word, str)]
            return Look("time" if time else kind, enum, required=required, default=default)
        members = self.members(schema, path)
        if schema.get("additionalProperties") and not members:
            inside = schema["additionalProperties"]
            described = isinstance(inside, dict)
            return Look("map", members=(lambda: {"*": self.look(inside, path)}) if described else None, required=required)
        look = Look("object" if members or kind else "any", None, None, lambda: {
            member: self.look(of, where, needed) for member, (of, where, needed) in members.items()
        }, name, required)
        by = self.discriminator(schema, path)
        kinds = self.kinds(name, path) if by else []
        if not kinds:
            return look
        words = [kind.get("x-ms-discriminator-value", called) for called, kind in kinds]
        own = [
            Look("object", members=(lambda kind=kind: {
                member: self.look(of, where, needed) for member, (of, where, needed) in self.members(kind, path).items()
            }))
            for _, kind in kinds
        ]
        return with_kinds(look, own, by, words)

    def members(self, schema, path):
        found = {}
        for parent in schema.get("allOf", []):
            parent, where, _ = self.follow(parent, path)
            found.update(self.members(parent, where))
        needed = schema.get("required", [])
        for name, member in schema.get("properties", {}).items():
            found[name] = (member, path, name in needed)
        return {name: (of, where, need or name in needed) for name, (of, where, need) in found.items()}

    def discriminator(self, schema, path):
        if "discriminator" in schema:
            return schema["discriminator"]
        parents = (self.follow(parent, path) for parent in schema.get("allOf", []))
        return next(filter(None, (self.discriminator(parent, where) for parent, where, _ in parents)), None)

    def kinds(self, name, path):
        """The definitions of the same document that are kinds of this one."""
        found = []
        for called, schema in self.document(path).get("definitions", {}).items():
            if any(parent.get("$ref", "").endswith("/" + name) for parent in schema.get("allOf", [])):
                found += [(called, schema), *self.kinds(called, path)]
        return found

    def operation(self, service, name, version):
        for file in sorted(self.folder.glob(f"specification/*/resource-manager/{service}/**/{version}/*.json")):
            if f'"{name}"' not in file.read_text(encoding="utf-8-sig"):
                continue
            for path, methods in self.document(file).get("paths", {}).items():
                for method, operation in methods.items():
                    if isinstance(operation, dict) and operation.get("operationId") == name:
                        return self.described(file, path, methods, method, operation)
        return None

    def described(self, file, path, methods, method, operation):
        query, body = [], None
        for parameter in [*methods.get("parameters", []), *operation.get("parameters", [])]:
            parameter, _, _ = self.follow(parameter, file)
            words = parameter.get("enum", [])
            if parameter["in"] == "query":
                query.append(parameter["name"] + (" (required)" if parameter.get("required") else ""))
            elif parameter["in"] == "body":
                body = flat(self.look(parameter["schema"], file))
            elif parameter["in"] == "path" and len(words) == 1:
                path = path.replace("{" + parameter["name"] + "}", words[0])
        link = operation.get("x-ms-pageable", {}).get("nextLinkName")
        answer = self.look(operation["responses"]["200"]["schema"], file)
        return {
            "source": f"Azure/azure-rest-api-specs {self.commit}, {file.relative_to(self.folder).as_posix()}",
            "version": self.document(file)["info"]["version"],
            "method": method.upper(),
            "path": path,
            "query": sorted(query),
            "link": link,
        } | ({"body": body} if body else {}), answer


class Sdk:
    """Models and operations of a Python package that was made from the documents."""

    def __init__(self, folder):
        code = pathlib.Path(folder) / "azure/mgmt/network"
        self.version = re.search(r'VERSION = "(.*)"', (code / "_version.py").read_text())[1]
        self.models = {
            one.name: one for one in ast.parse((code / "models/_models_py3.py").read_text()).body if isinstance(one, ast.ClassDef)
        }
        self.operations = (code / "operations/_operations.py").read_text()

    def constant(self, model, name):
        for one in model.body:
            if isinstance(one, ast.Assign) and one.targets[0].id == name:
                return ast.literal_eval(one.value)
        return {}

    def look(self, kind, required=False, enum=None, default=None):
        if kind.startswith("["):
            return Look("array", element=lambda: self.look(kind[1:-1], enum=enum), required=required)
        simple = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "iso-8601": "time", "object": "any"}
        if kind in simple:
            return Look(simple[kind], enum, required=required, default=default)
        if kind.startswith("{"):
            return Look("map", required=required)
        if kind not in self.models:
            return Look("string", enum, required=required)
        return Look("object", members=lambda: self.members(kind), name=kind, required=required)

    def members(self, kind):
        model = self.models[kind]
        text = re.sub(r"\s+", " ", ast.get_docstring(model) or "")
        words = {}
        for name, said in re.findall(r":(?:ivar|param) (\w+): (.*?)(?= :(?:ivar|vartype|param|paramtype) |$)", text):
            known = re.search(r"Known values are: (.*?)\.(?: |$)", said)
            if known:
                words[name] = list(dict.fromkeys(re.findall(r'"([^"]*)"', known[1])))
        defaults = {}
        for one in model.body:
            if isinstance(one, ast.FunctionDef) and one.name == "__init__":
                for argument, value in zip(one.args.kwonlyargs, one.args.kw_defaults):
                    if isinstance(value, ast.Constant) and value.value is not None:
                        defaults[argument.arg] = value.value
        needed = self.constant(model, "_validation")
        tree = {}
        for name, at in self.constant(model, "_attribute_map").items():
            steps = [step.replace("\\.", ".") for step in re.split(r"(?<!\\)\.", at["key"])]
            here = tree
            for step in steps[:-1]:
                here = here.setdefault(step, {})
            here[steps[-1]] = self.look(at["type"], bool(needed.get(name, {}).get("required")), words.get(name), defaults.get(name))
        return grown(tree)

    def operation(self, name, version):
        group, method = name.split("_")
        snake = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", method).lower()
        klass = re.search(rf"^class {group}Operations.*?(?=^class |\Z)", self.operations, re.M | re.S)[0]
        body = re.search(rf"    def {snake}\(.*?(?=^    def |^    @|\Z)", klass, re.M | re.S)[0]
        build = re.search(r"_request = (build_\w+)\(", body)[1]
        request = re.search(rf"^def {build}\(.*?(?=^def |^class )", self.operations, re.M | re.S)[0]
        said = re.search(r'"api-version", "([0-9a-z-]+)"', request)[1]
        if said != version:
            return None
        answer = re.search(r'_deserialize\(\s*"(\w+)"', body)[1]
        link = re.search(r"return deserialized\.(\w+) or None", body)
        attributes = self.constant(self.models[answer], "_attribute_map")
        return {
            "source": f"azure-mgmt-network {self.version} (PyPI), made by Microsoft from Microsoft.Network {said}",
            "version": said,
            "method": re.search(r'method="(\w+)"', request)[1],
            "path": re.search(r'"template_url",\s*"([^"]*)"', request)[1],
            "query": sorted(one + (" (required)" if one == "api-version" else "") for one in re.findall(r'_params\["([^"]+)"\] =', request)),
            "link": attributes[link[1]]["key"].replace("\\.", ".") if link else None,
        }, self.look(answer)


def grown(tree):
    return {
        name: Look("object", members=(lambda of=of: grown(of))) if isinstance(of, dict) else of for name, of in tree.items()
    }


class Csdl:
    """Microsoft Graph: entities, and how one gets to them."""

    SPACE = "{http://docs.oasis-open.org/odata/ns/edm}"
    SIMPLE = {"Boolean": "boolean", "DateTimeOffset": "time", "Double": "number", "Single": "number", "Decimal": "number"}
    # What a member of a group, or a holder of a role, may be.
    HOLDERS = {"directoryObject": ("user", "group", "servicePrincipal")}

    def __init__(self, file, commit):
        self.commit, self.types = commit, {}
        for schema in xml.parse(file).getroot().iter(self.SPACE + "Schema"):
            if schema.get("Namespace") == "microsoft.graph":
                for one in schema:
                    self.types[one.get("Name")] = one

    def declared(self, kind):
        one = self.types[kind]
        base = one.get("BaseType")
        found = self.declared(base.rpartition(".")[2]) if base else {}
        for member in one:
            if member.tag in (self.SPACE + "Property", self.SPACE + "NavigationProperty"):
                found[member.get("Name")] = member
        return found

    def look(self, kind, required=False, expand=(), entity=False):
        if kind.startswith("Collection("):
            return Look("array", element=lambda: self.look(kind[11:-1], expand=expand))
        space, _, name = kind.rpartition(".")
        if space == "Edm":
            whole = name.startswith("Int") or name == "Byte"
            return Look("integer" if whole else self.SIMPLE.get(name, "string"), required=required)
        one = self.types.get(name)
        if one is None:
            return Look("any")
        if one.tag == self.SPACE + "EnumType":
            # Several words of an enumeration of flags are written as one text.
            words = [member.get("Name") for member in one if member.get("Name") not in (None, "unknownFutureValue")]
            return Look("string", words if one.get("IsFlags") != "true" else None, required=required)
        complex = one.tag == self.SPACE + "ComplexType"

        def members():
            found = {}
            for member, of in self.declared(name).items():
                link = of.tag == self.SPACE + "NavigationProperty"
                single = not of.get("Type").startswith("Collection(")
                # What a complex type links to comes along; of an entity, what was asked for.
                if not link or (complex and single) or member in expand:
                    found[member] = self.look(of.get("Type"), of.get("Nullable") == "false" and not link)
            return found

        look = Look("object", members=members, name=name, required=required)
        kinds = self.HOLDERS.get(name)
        return with_kinds(look, [self.plain(kind) for kind in kinds]) if kinds else look

    def plain(self, kind):
        """The members that are no structures themselves."""
        look = self.look("graph." + kind)
        return Look("object", members=lambda: {
            name: member for name, member in look.members().items() if not member.element and member.kind != "object"
        })

    def operation(self, path, request):
        steps = [step for step in path.split("/") if step][1:]
        container = {one.get("Name"): one for one in self.types["GraphService"]}
        one = container[steps[0]]
        kind = one.get("Type") or f"Collection({one.get('EntityType')})"
        for step in steps[1:]:
            if step.startswith("{"):
                kind = kind[11:-1]
            else:
                kind = self.declared(kind.rpartition(".")[2])[step].get("Type")
        many = kind.startswith("Collection(")
        expand = request.get("$expand", "").split(",")
        item = self.look(kind[11:-1] if many else kind, expand=expand)
        select = request.get("$select")
        if select:
            chosen = select.split(",")
            whole = item.members
            item.members = lambda: {name: whole()[name] for name in chosen}
        if many:
            value = Look("array", element=lambda: item)
            item_of = Look("object", members=lambda: {"value": value, "@odata.nextLink": Look("string")})
        else:
            item_of = item
        # Options that read a part of what there is, or put it in order.
        options = ["$expand", "$select"] + (["$count", "$filter", "$orderby", "$search", "$skip", "$top"] if many else [])
        return {
            "source": f"microsoftgraph/msgraph-metadata {self.commit}, schemas/v1.0-Prod.csdl",
            "version": "v1.0",
            "method": "GET",
            "path": path,
            "query": options,
            "link": "@odata.nextLink" if many else None,
        }, item_of


def flat(look, path="", within=(), deep=0, out=None):
    """Every member of an answer under its path."""
    out = {} if out is None else out
    for name, member in sorted(look.members().items()):
        # OData has dots in its annotations.
        at = f"{path}.{name}" if path else name
        last, kind = member, member.kind
        while last.element:
            last = last.element()
            kind = f"{kind} of {last.kind}"
            at += "[]"
        line = {"type": kind}
        if last.enum:
            line["enum"] = list(last.enum)
        if member.required:
            line["required"] = True
        if member.default is not None:
            line["default"] = member.default
        out[at] = line if len(line) > 1 else kind
        if last.name and last.name in within:
            continue
        inner = last.members()
        other = at != "value[]" and not member.element and "id" in inner and "properties" in inner
        deeper = deep + (name == "properties")
        if deeper > DEEP:
            continue
        if other:
            last = Look(last.kind, members=lambda inner=inner: {k: v for k, v in inner.items() if k != "properties"})
        if deep == DEEP and inner.keys() & {"id", "name"}:
            last = Look(last.kind, members=lambda inner=inner: {k: v for k, v in inner.items() if k in ("id", "name")})
        flat(last, at, (*within, last.name) if last.name else within, deeper, out)
    return out


def reads():
    """Service, operation, version, path, and request of every declared read; of several of one operation, of the first."""
    seen = set()
    for file in sorted([*CONTROLS.glob("azure/reads/*.yaml"), *CONTROLS.glob("entra/reads/*.yaml")]):
        for block in re.split(r"^  - read: ", file.read_text(), flags=re.M)[1:]:
            service, operation = block.split("\n", 1)[0].strip().split("#")[0].split(":")
            if (service, operation) in seen:
                continue
            seen.add((service, operation))
            http = re.search(r"^ +http: (?:GET|POST) (\S+)", block, re.M)
            request = re.search(r"^    request:(?: \{(.*)\}| &\w+\n(      .*(?:\n      .*)*))", block, re.M)
            asked = (request[1] or request[2]) if request else ""
            members = dict(re.findall(r"""([\w$-]+): *(?:"([^"]*)"|'[^']*')""", asked))
            members |= dict(re.findall(r"""([\w$-]+): *["']?([^"',{} ]+)""", asked))
            select = re.search(r'\$select: "([^"]*)"', block)
            if select:
                members["$select"] = select[1]
            yield file.stem, service, operation, members.get("api-version"), http and http[1], members


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--openapi", nargs=2, required=True)
    parser.add_argument("--sdk", nargs="*", default=[])
    parser.add_argument("--csdl", nargs=2, required=True)
    given = parser.parse_args()
    documents, graph = OpenApi(*given.openapi), Csdl(*given.csdl)
    packages = [Sdk(folder) for folder in given.sdk]
    files = {}
    for stem, service, operation, version, path, request in reads():
        if service == "Token":
            continue
        if service == "MicrosoftGraph":
            found = graph.operation(path, request)
        else:
            found = documents.operation(service, operation, version)
            if found is None and service == "Microsoft.Network":
                found = next(filter(None, (package.operation(operation, version) for package in packages)), None)
        if found is None:
            print(f"{service}:{operation} {version}: not found")
            continue
        head, answer = found
        files.setdefault(stem, {})[f"{service}:{operation}"] = head | {"answer": flat(answer)}
    folder = HERE / "specification"
    folder.mkdir(exist_ok=True)
    for stem, operations in sorted(files.items()):
        text = []
        for name, one in operations.items():
            # A body stands on one line, as the rest of the request does.
            head = "".join(f"  {json.dumps(key)}: {json.dumps(value)},\n" for key, value in one.items() if key != "answer")
            lines = ",\n".join(f"   {json.dumps(at)}: {json.dumps(line)}" for at, line in sorted(one["answer"].items()))
            text.append(f' {json.dumps(name)}: {{\n{head}  "answer": {{\n{lines}\n  }}\n }}')
        (folder / f"{stem}.json").write_text("{\n" + ",\n".join(text) + "\n}\n")


if __name__ == "__main__":
    main()
