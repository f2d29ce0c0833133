"""Encryption at rest: pictures one by one, whole objects, keys that rotate, are lost, are wrong, or are dropped for ever."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from bluelamp.anpr.store.pictures import PictureStore, decode_ref, encode_ref
from bluelamp.app.engines.backup import run
from bluelamp.app.engines.backup.archive import Reader, writing
from bluelamp.spine.blobs import BlobMissingError, Blobs
from bluelamp.spine.config import PlatformSettings
from bluelamp.spine.encryption.errors import KeyMissingError, KeyUnreadableError, SealBrokenError
from bluelamp.spine.encryption.keyring import KeyRing, new_line, parse
from bluelamp.spine.encryption.vault import PIECE_OVERHEAD
from bluelamp.spine.errors import NotFoundError

DAY = 20_000
NOW = DAY * 86_400_000
GROUP = "pictures/2024-10-04"


def picture() -> bytes:
    return b"\xff\xd8\xff\xe0" + os.urandom(900) + b"\xff\xd9"


def store(folder: Path, *keys: str) -> tuple[Blobs, PictureStore]:
    blobs = Blobs.open(folder.as_uri(), KeyRing(text=",".join(keys)))
    return blobs, PictureStore(blobs)


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


async def test_a_picture_is_sealed_alone_and_read_alone(tmp_path: Path) -> None:
    _, pictures = store(tmp_path, new_line())
    sent = [picture() for _ in range(50)]
    stored = [*(await pictures.append(sent[:20], NOW)), *(await pictures.append(sent[20:], NOW))]
    assert len({decode_ref(one.ref).key for one in stored}) == 1, "many pictures to an object"
    assert [await pictures.fetch(one.ref) for one in stored] == sent
    held = everything_in(tmp_path)
    assert not any(one[10:60] in held for one in sent)
    # One that is altered fails alone; its neighbours are read as before.
    place = decode_ref(stored[7].ref)
    assert place.length == len(sent[7]) + PIECE_OVERHEAD
    file = tmp_path / place.key
    content = bytearray(file.read_bytes())
    content[place.offset + 100] ^= 1
    file.write_bytes(content)
    with pytest.raises(SealBrokenError):
        await pictures.fetch(stored[7].ref)
    assert await pictures.fetch(stored[8].ref) == sent[8]
    # Nor can one be given out as another, in the same object or in a copy of it.
    swapped = encode_ref(place._replace(offset=decode_ref(stored[8].ref).offset - 1))
    with pytest.raises((SealBrokenError, NotFoundError)):
        await pictures.fetch(swapped)
    other = encode_ref(place._replace(segment=place.segment + 1, offset=decode_ref(stored[8].ref).offset))
    (tmp_path / decode_ref(other).key).write_bytes(content)
    with pytest.raises(SealBrokenError):
        await pictures.fetch(other)
    await pictures.close()


async def test_pictures_of_before_encryption_stay_readable(tmp_path: Path) -> None:
    _, clear = store(tmp_path)
    old = picture()
    (before,) = await clear.append([old], NOW)
    await clear.close()
    assert old in everything_in(tmp_path)
    _, sealed = store(tmp_path, new_line())
    new = picture()
    (after,) = await sealed.append([new], NOW)
    assert decode_ref(before.ref).key != decode_ref(after.ref).key
    assert (await sealed.fetch(before.ref), await sealed.fetch(after.ref)) == (old, new)
    await sealed.close()


async def test_rotation_takes_the_new_key_at_once_and_wraps_the_old_data_keys_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, folder = tmp_path / "keys", tmp_path / "blobs"
    first = new_line()
    file.write_text(first)
    blobs = Blobs.open(folder.as_uri(), KeyRing(file))
    pictures = PictureStore(blobs)
    sent = [picture(), picture()]
    (before,) = await pictures.append(sent[:1], NOW)
    old = blobs.vault.ring.current
    file.write_text(f"# rotated\n{new_line()}\n{first}\n")
    later = time.monotonic() + 10
    monkeypatch.setattr("bluelamp.spine.encryption.keyring.time.monotonic", lambda: later)
    (after,) = await pictures.append(sent[1:], NOW)
    new = blobs.vault.ring.current
    assert old is not None
    assert new is not None
    assert new.id != old.id
    assert decode_ref(before.ref).key != decode_ref(after.ref).key, "a new segment under the new key"
    assert await blobs.vault.held_by() == {old.id: 1, new.id: 1}
    segments = {key: await blobs.get(key) for key in await blobs.keys("pictures/")}
    assert await blobs.vault.rewrap() == (1, 1, 0)
    assert await blobs.vault.held_by() == {new.id: 2}
    assert {key: await blobs.get(key) for key in await blobs.keys("pictures/")} == segments, "the pictures are not touched"
    await pictures.close()
    # Now the old key may go.
    fresh = PictureStore(Blobs.open(folder.as_uri(), KeyRing(text=file.read_text().splitlines()[1])))
    assert [await fresh.fetch(one.ref) for one in (before, after)] == sent


async def test_a_lost_or_wrong_key_is_told_and_harms_nothing(tmp_path: Path) -> None:
    right = new_line()
    _, pictures = store(tmp_path, right)
    sent = picture()
    (stored,) = await pictures.append([sent], NOW)
    await pictures.close()
    before = everything_in(tmp_path)
    _, lost = store(tmp_path)
    with pytest.raises(KeyMissingError, match="not configured"):
        await lost.fetch(stored.ref)
    with pytest.raises(KeyMissingError, match="keys off"):
        await lost.append([picture()], NOW)
    wrong_blobs, wrong = store(tmp_path, new_line())
    with pytest.raises(KeyMissingError, match="put it back"):
        await wrong.fetch(stored.ref)
    assert await wrong_blobs.vault.rewrap() == (0, 0, 1)
    assert everything_in(tmp_path) == before
    _, found = store(tmp_path, new_line(), right)
    assert await found.fetch(stored.ref) == sent
    cleared_blobs, cleared = store(tmp_path)
    await cleared_blobs.vault.allow_clear()
    (in_clear,) = await cleared.append([sent], NOW)
    assert await cleared.fetch(in_clear.ref) == sent
    await cleared.close()


async def test_dropping_a_days_data_key_erases_the_day_wherever_its_objects_are(tmp_path: Path) -> None:
    key = new_line()
    folder, copy = tmp_path / "blobs", tmp_path / "stolen"
    blobs, pictures = store(folder, key)
    (day,) = await pictures.append([picture()], NOW)
    (next_day,) = await pictures.append([picture()], NOW + 86_400_000)
    held = {name: await blobs.get(name) for name in await blobs.keys("pictures/")}
    (name,) = await blobs.vault.names(GROUP)
    wrapped = await blobs.get(name)
    assert await blobs.vault.drop(GROUP) == 1
    assert wrapped not in everything_in(folder)
    # Somebody has a copy of every object, and the key of keys: that opens what is left, and not the day.
    thief = Blobs.open(copy.as_uri(), KeyRing(text=key))
    for each in await blobs.vault.names():
        await thief.put(each, await blobs.get(each))
    for each, content in held.items():
        await thief.put(each, content)
    with pytest.raises(NotFoundError):
        await PictureStore(thief).fetch(day.ref)
    assert await PictureStore(thief).fetch(next_day.ref)
    with pytest.raises(NotFoundError):
        await pictures.fetch(day.ref)
    await pictures.close()


@pytest.mark.parametrize("keys", [(), (new_line(),)], ids=["clear", "sealed"])
async def test_one_picture_is_erased_among_the_others(tmp_path: Path, keys: tuple[str, ...]) -> None:
    _, pictures = store(tmp_path, *keys)
    sent = [picture() for _ in range(3)]
    stored = await pictures.append(sent, NOW)
    place = decode_ref(stored[1].ref)
    assert await pictures.erase(stored[1].ref)
    with pytest.raises(NotFoundError):
        await pictures.fetch(stored[1].ref)
    content = (tmp_path / place.key).read_bytes()
    assert content[place.offset : place.offset + place.length] == bytes(place.length)
    assert [await pictures.fetch(stored[at].ref) for at in (0, 2)] == [sent[0], sent[2]]
    # The segment goes on growing behind it.
    (more,) = await pictures.append([sent[1]], NOW)
    assert await pictures.fetch(more.ref) == sent[1]
    await pictures.close()


async def test_whole_objects_are_sealed_and_those_of_before_are_read(tmp_path: Path) -> None:
    blobs, _ = store(tmp_path, new_line())
    await blobs.put("exports/old/reads.csv", b"in clear")
    await blobs.vault.put("exports/2024-10-04", "exports/new/reads.csv", b"vrm\r\nAB12CDE\r\n")
    assert b"AB12CDE" not in everything_in(tmp_path)
    assert await blobs.vault.get("exports/2024-10-04", "exports/new/reads.csv") == b"vrm\r\nAB12CDE\r\n"
    assert await blobs.vault.get("exports/2024-10-04", "exports/old/reads.csv") == b"in clear"
    await blobs.put("exports/moved/reads.csv", await blobs.get("exports/new/reads.csv"))
    with pytest.raises(SealBrokenError):
        await blobs.vault.get("exports/2024-10-04", "exports/moved/reads.csv")
    with pytest.raises(BlobMissingError):
        await blobs.vault.get("exports/2024-10-04", "exports/none")


async def test_a_backup_carries_wrapped_keys_and_never_the_key_that_wraps_them(tmp_path: Path) -> None:
    key = new_line()
    _, pictures = store(tmp_path / "blobs", key)
    sent = picture()
    (stored,) = await pictures.append([sent], NOW)
    await pictures.close()
    backup = tmp_path / "backup.tar"
    with writing(backup, folder=False) as archive:
        await run._copy_blobs((tmp_path / "blobs").as_uri(), archive, lambda *_: None)
        archive.finish({"version": "test"})
    held = backup.read_bytes()
    assert key.encode() not in held
    assert parse(key, "here")[0].key not in held
    assert run.damages(backup, lambda *_: None) == []
    await run._load_blobs(Reader(backup), (tmp_path / "restored").as_uri(), lambda *_: None)
    _, restored = store(tmp_path / "restored", key)
    assert await restored.fetch(stored.ref) == sent


def test_what_is_no_key_is_refused_without_being_repeated(tmp_path: Path) -> None:
    for text in ("c2hvcnQ=", "nonsense!", new_line()[:-8]):
        with pytest.raises(KeyUnreadableError) as told:
            parse(text, "the file")
        assert text not in told.value.message
    with pytest.raises(KeyUnreadableError, match="cannot be read"):
        KeyRing(tmp_path / "none").configured()
    inside = tmp_path / "data" / "keys"
    with pytest.raises(KeyUnreadableError, match="inside the data folder"):
        KeyRing.of(PlatformSettings(data=tmp_path / "data", encryption_key_file=inside))
    settings = PlatformSettings(encryption_keys=new_line())
    assert settings.encryption_keys.get_secret_value() not in repr(settings)


async def test_a_key_file_that_breaks_later_does_not_stop_what_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "keys"
    file.write_text(new_line())
    ring = KeyRing(file)
    (key,) = ring.configured()
    file.write_text("broken")
    later = time.monotonic() + 10
    monkeypatch.setattr("bluelamp.spine.encryption.keyring.time.monotonic", lambda: later)
    assert ring.configured() == (key,)
