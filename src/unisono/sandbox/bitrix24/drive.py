"""The drive: ``disk.*``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from unisono.sandbox.bitrix24 import files, filters
from unisono.sandbox.bitrix24.envelope import Call, Reply, content_of, page
from unisono.sandbox.bitrix24.errors import Refused, app_only
from unisono.sandbox.bitrix24.fields import integer
from unisono.sandbox.bitrix24.phpform import members
from unisono.sandbox.bitrix24.portal import Portal
from unisono.sandbox.kit.world import Row

Handler = Callable[[Portal, Call], Reply]
_STORAGE = ("ID", "NAME", "CODE", "MODULE_ID", "ENTITY_TYPE", "ENTITY_ID", "ROOT_OBJECT_ID")


def _storage(row: Row) -> Row:
    return {name: None if row[name] is None else str(row[name]) for name in _STORAGE}


def _storages(portal: Portal, call: Call) -> Reply:
    rows = [row for row in portal.table("storages").values() if row["ENTITY_TYPE"] != "restapp"]
    columns = filters.plain(_STORAGE)
    test = filters.compiled(portal, call.get("filter"), columns)
    reply = page(filters.ordered(call.get("order"), list(filter(test, rows)), columns), call)
    reply.result = [_storage(row) for row in reply.result]
    return reply


def _for_app(portal: Portal, call: Call) -> Reply:
    if not call.login.app:
        raise app_only()
    row = next((one for one in portal.table("storages").values() if one["ENTITY_TYPE"] == "restapp"), None)
    if row is None:
        root = portal.add("disk", {"NAME": "Unisono", "TYPE": "folder", "STORAGE_ID": 0, "PARENT_ID": 0})
        row = {"ID": 1300 + root["ID"], "NAME": "Unisono", "CODE": None, "MODULE_ID": "disk", "ENTITY_TYPE": "restapp", "ENTITY_ID": "5"}
        portal.add("storages", row | {"ROOT_OBJECT_ID": root["ID"]})
        portal.change("disk", root, {"STORAGE_ID": row["ID"]})
        row = portal.table("storages")[row["ID"]]
    return Reply(_storage(row))


def _entry(portal: Portal, key: Any, kind: str) -> Row:
    row = portal.get("disk", integer(key))
    if row is None or row["TYPE"] != kind:
        raise Refused("ERROR_NOT_FOUND", f"Could not find entity with id `{key}`")
    return row


def _shown(portal: Portal, row: Row) -> Row:
    if row["TYPE"] == "folder":
        path = f"{portal.base}/company/personal/user/1/disk/path/{row['NAME']}/"
        return {
            "ID": row["ID"],
            "NAME": row["NAME"],
            "CODE": None,
            "STORAGE_ID": str(row["STORAGE_ID"]),
            "TYPE": "folder",
            "DETAIL_URL": path,
        }
    made = portal.stamp(row["CREATED"])
    return {
        "ID": row["ID"], "NAME": row["NAME"], "CODE": None, "STORAGE_ID": str(row["STORAGE_ID"]), "TYPE": "file",
        "PARENT_ID": str(row["PARENT_ID"]), "DELETED_TYPE": 0, "GLOBAL_CONTENT_VERSION": row["VERSION"], "FILE_ID": row["FILE_ID"],
        "SIZE": str(len(portal.table("files")[row["FILE_ID"]]["DATA"])), "CREATE_TIME": made, "UPDATE_TIME": made, "DELETE_TIME": None,
        "CREATED_BY": str(row["CREATED_BY"]), "UPDATED_BY": str(row["CREATED_BY"]), "DELETED_BY": None,
        "DOWNLOAD_URL": files.link(portal, "disk", row["ID"]),
        "DETAIL_URL": f"{portal.base}/company/personal/user/{row['CREATED_BY']}/disk/file/{row['NAME']}",
    }  # fmt: skip


def _children(portal: Portal, key: int) -> list[Row]:
    return [row for row in portal.table("disk").values() if row["PARENT_ID"] == key]


def _folder_children(portal: Portal, call: Call) -> Reply:
    folder = _entry(portal, call.get("id"), "folder")
    columns = filters.plain(("ID", "NAME", "TYPE"))
    rows = list(filter(filters.compiled(portal, call.get("filter"), columns), _children(portal, folder["ID"])))
    reply = page(rows, call)
    reply.result = [_shown(portal, row) for row in reply.result]
    return reply


def _storage_children(portal: Portal, call: Call) -> Reply:
    storage = portal.get("storages", integer(call.get("id")))
    if storage is None:
        raise Refused("ERROR_NOT_FOUND", f"Could not find entity with id `{call.get('id')}`")
    return _folder_children(portal, Call(call.method, call.params | {"id": storage["ROOT_OBJECT_ID"]}, call.login))


def _add_folder(portal: Portal, call: Call) -> Reply:
    folder = _entry(portal, call.get("id"), "folder")
    name = _name(portal, folder, call, False)
    row = portal.add("disk", {"NAME": name, "TYPE": "folder", "STORAGE_ID": folder["STORAGE_ID"], "PARENT_ID": folder["ID"]})
    return Reply(_shown(portal, row), f"disk/{row['ID']}")


def _name(portal: Portal, folder: Row, call: Call, unique: bool) -> str:
    data = call.get("data")
    name = str(data.get("NAME") or "") if isinstance(data, dict) else ""
    if not name:
        raise Refused("ERROR_ARGUMENT", "Invalid value of parameter {data[NAME]}")
    taken = {row["NAME"] for row in _children(portal, folder["ID"])}
    if name in taken and not unique:
        raise Refused("DISK_OBJ_22000", "An object with this name already exists")  # guess: the code documented for rename
    stem, dot, ending = name.rpartition(".")
    number = 1
    while name in taken:
        name = f"{stem or ending} ({number}){dot}{ending}" if dot else f"{ending} ({number})"
        number += 1
    return name


def _upload(portal: Portal, call: Call) -> Reply:
    """Without a content it answers where to post the file."""
    folder = _entry(portal, call.get("id"), "folder")
    content = members(call.get("fileContent"))
    if not content:
        token = files.link(portal, "upload", folder["ID"], "upload.json")
        return Reply({"field": "file", "uploadUrl": token})
    unique = str(call.get("generateUniqueName")).lower() in ("true", "1", "y")
    name = _name(portal, folder, call, unique)
    row = put(portal, folder, name, files.decoded(content[-1]))
    return Reply(_shown(portal, row), f"disk/{row['ID']}")


def put(portal: Portal, folder: Row, name: str, data: bytes) -> Row:
    """Put a file into a folder."""
    row: Row = {"NAME": name, "TYPE": "file", "STORAGE_ID": folder["STORAGE_ID"], "PARENT_ID": folder["ID"], "VERSION": 1}
    return portal.add("disk", row | {"FILE_ID": files.keep(portal, name, data), "CREATED": portal.now(), "CREATED_BY": portal.user})


def _file_get(portal: Portal, call: Call) -> Reply:
    return Reply(_shown(portal, _entry(portal, call.get("id"), "file")))


def _file_delete(portal: Portal, call: Call) -> Reply:
    row = _entry(portal, call.get("id"), "file")
    portal.remove("disk", row["ID"])
    return Reply(True, f"disk/{row['ID']}")


def _new_version(portal: Portal, call: Call) -> Reply:
    row = _entry(portal, call.get("id"), "file")
    content = members(call.get("fileContent"))
    if not content:
        raise Refused("ERROR_ARGUMENT", "Invalid value of parameter {fileContent}")
    portal.change("disk", row, {"FILE_ID": files.keep(portal, row["NAME"], files.decoded(content[-1])), "VERSION": row["VERSION"] + 1})
    return Reply(_shown(portal, row), f"disk/{row['ID']}")


def _public_link(portal: Portal, call: Call) -> Reply:
    row = _entry(portal, call.get("id"), "file")
    return Reply(f"{portal.base}/~disk{row['ID']}")


# what is fetched and posted by address


def fetched(portal: Portal, request: Request) -> Response | None:
    """The file of a signed address; ``None`` if there is none."""
    if portal.setting("picky_agent") and not _has_agent(request):
        return Response("<html><body><h1>404 Not Found</h1><hr>nginx</body></html>\n", 404, mimetype="text/html")
    opened = files.named(portal, request.args.get("token", ""))
    if opened is None:
        return None
    kind, number = opened
    entry = portal.get("disk", number) if kind == "disk" else None
    kept = portal.get("files", entry["FILE_ID"] if entry else number if kind == "file" else None)
    if kept is None:
        return None
    return attachment(kept["NAME"], kept["DATA"])


def attachment(name: str, data: bytes) -> Response:
    """A file as an answer."""
    kinds = {
        "pdf": "application/pdf",
        "png": "image/png",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    }
    response = Response(data, mimetype=kinds.get(name.rpartition(".")[2].lower(), "application/octet-stream"))
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _has_agent(request: Request) -> bool:
    agent = request.headers.get("User-Agent", "").lower()
    return bool(agent) and not agent.startswith(("python", "go-http", "curl", "java/", "axios", "node"))


def posted(portal: Portal, request: Request) -> Reply:
    """A file posted to an ``uploadUrl``. Raises ``Refused``."""
    opened = files.named(portal, request.args.get("token", ""))
    file = next(iter(request.files.values()), None)
    folder = portal.get("disk", opened[1]) if opened and opened[0] == "upload" else None
    if folder is None or file is None:
        raise Refused("ERROR_NOT_FOUND", "Could not find the upload")
    row = put(portal, folder, file.filename or "file", content_of(file))
    return Reply(_shown(portal, row), f"disk/{row['ID']}")


METHODS: dict[str, Handler] = {
    "disk.storage.getlist": _storages,
    "disk.storage.getforapp": _for_app,
    "disk.storage.getchildren": _storage_children,
    "disk.folder.getchildren": _folder_children,
    "disk.folder.addsubfolder": _add_folder,
    "disk.folder.uploadfile": _upload,
    "disk.file.get": _file_get,
    "disk.file.delete": _file_delete,
    "disk.file.uploadversion": _new_version,
    "disk.file.getexternallink": _public_link,
}
