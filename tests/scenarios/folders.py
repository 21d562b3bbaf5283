"""A folder of schemas, and the ways in which people and programs save a file."""

import os
import shutil


def schema_path(folder, name):
    return os.path.join(folder, name + ".yaml")


class Folder:
    def __init__(self, path):
        self.path = path
        os.makedirs(path, exist_ok=True)

    def file(self, name):
        return schema_path(self.path, name)

    def set_schema(self, name, text):
        """As editors do: a new file beside it, then a rename over it."""
        beside = os.path.join(self.path, f".{name}.yaml.swp")
        with open(beside, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.rename(beside, self.file(name))

    def overwrite(self, name, text, half_way=None):
        """In place, in two halves; half_way() is called between them."""
        middle = len(text) // 2
        with open(self.file(name), "w", encoding="utf-8") as file:
            file.write(text[:middle])
            file.flush()
            if half_way:
                half_way()
            file.write(text[middle:])

    def delete_schema(self, name):
        os.unlink(self.file(name))


class ConfigMap(Folder):
    """As the kubelet mounts one: NAME.yaml -> ..data/NAME.yaml, ..data -> ..<stamp>, and a change
    is a new stamped folder, a rename of ..data, and the old folder gone."""

    def __init__(self, path):
        super().__init__(path)
        self.turn = 0
        self.texts = {}

    def set_schema(self, name, text):
        self.set_schemas({name: text})

    def delete_schema(self, name):
        self.set_schemas({name: None})

    def set_schemas(self, changes):
        """One update of the whole map; None deletes."""
        self.texts.update(changes)
        self.texts = {name: text for name, text in self.texts.items() if text is not None}
        data = os.path.join(self.path, "..data")
        before = os.readlink(data) if os.path.islink(data) else None
        self.turn += 1
        stamp = f"..2026_11_22_10_00_{self.turn:02}.123456789"
        fresh = os.path.join(self.path, stamp)
        os.mkdir(fresh)
        for name, text in self.texts.items():
            with open(schema_path(fresh, name), "w", encoding="utf-8") as file:
                file.write(text)
        os.symlink(stamp, data + "_tmp")
        os.rename(data + "_tmp", data)
        for name in self.texts:
            if not os.path.islink(self.file(name)):
                os.symlink(os.path.join("..data", name + ".yaml"), self.file(name))
        for name in changes:
            if name not in self.texts:
                os.unlink(self.file(name))
        if before:
            shutil.rmtree(os.path.join(self.path, before))
