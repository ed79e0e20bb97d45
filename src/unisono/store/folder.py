"""What lies beside the database: who runs lanes (``lock``), how the last run ended (``unclean``), what tells of a restore (``counter``)."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from pathlib import Path
from types import TracebackType

from unisono.store.refused import StoreRefused, from_system

DATABASE = "unisono.db"


def make_folder(folder: Path) -> None:
    """The data folder, made for its owner alone if it is not there yet. Raises ``StoreRefused``."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise from_system(error, str(folder)) from error


def need_room(folder: Path, least: int) -> None:
    """Refuses a disk with fewer than ``least`` free bytes: better not to start than to stop between a call and its settlement."""
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise from_system(error, str(folder)) from error
    if free < least:
        raise StoreRefused("store-full", {"place": str(folder), "free": str(free), "needed": str(least)})


class Hold:
    """The right to run lanes on a data folder. The kernel lets go of it when the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Lets the next process in. The file stays: removing it would let two processes lock two files of one name."""
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.release()


def hold(folder: Path) -> Hold:
    """Takes the folder for this process. Raises ``StoreRefused("store-in-use", {pid})`` while another one has it."""
    make_folder(folder)
    try:
        descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise from_system(error, str(folder)) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    except BlockingIOError as error:
        pid = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "?"
        os.close(descriptor)
        raise StoreRefused("store-in-use", {"place": str(folder), "pid": pid}) from error
    except OSError as error:
        os.close(descriptor)
        raise from_system(error, str(folder)) from error
    return Hold(descriptor)


class UncleanMark:
    """The file ``unclean``: there while the store is open, so one that is found by the first to open tells of a crash.

    Everybody who has the store open shares a lock on it; who gets it alone knows that nobody else is there. So a crash is noticed
    once, and the first of several processes to close does not wipe out the mark of the others.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "unclean"
        self.found = False
        """Whether the last process that had the store open did not close it."""
        while True:
            try:
                existed = self._path.exists()
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            except OSError as error:
                raise from_system(error, str(folder)) from error
            self.found = self._alone() and existed
            fcntl.flock(self._descriptor, fcntl.LOCK_SH)
            if self._is_the_file():  # else another process removed it between our opening and locking it
                return
            os.close(self._descriptor)

    def close(self, *, clean: bool = True) -> None:
        """Takes the mark away if nobody else has the store open. ``clean=False`` leaves it for the next start to see."""
        if self._descriptor < 0:
            return
        if clean and self._alone() and self._is_the_file():
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = -1

    def _alone(self) -> bool:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _is_the_file(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), os.stat(self._path))
        except FileNotFoundError:
            return False


class CounterFile:
    """How many groups of writes have been intended, kept outside the database: a restored database is behind it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "counter"
        self._lock = threading.Lock()
        self.last = self._read()
        """The count kept last; ``None`` if the file is missing or cannot be understood."""

    def _read(self) -> int | None:
        try:
            return int(self._path.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return None
        except OSError as error:
            raise from_system(error, str(self._path)) from error

    def write(self, count: int) -> None:
        """Keeps a count, on the disk when this returns. A smaller one than before is left out: groups may end in any order."""
        with self._lock:
            if self.last is not None and count <= self.last:
                return
            try:
                descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
                try:
                    # One write of constant length within one block of the disk: never half old and half new.
                    os.pwrite(descriptor, f"{count:020d}\n".encode(), 0)
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            except OSError as error:
                raise from_system(error, str(self._path)) from error
            self.last = count
