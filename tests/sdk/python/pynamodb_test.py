# SPDX-License-Identifier: Apache-2.0
"""PynamoDB, unchanged: a model's table, items, an index, conditions, batches."""
import unittest

from pynamodb.attributes import ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute, UnicodeSetAttribute, VersionAttribute
from pynamodb.exceptions import PutError
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

from support import ENDPOINT, SESSION, client, unique_name


class ByGenre(GlobalSecondaryIndex):
    class Meta:
        index_name = "by-genre"
        projection = AllProjection()

    genre = UnicodeAttribute(hash_key=True)
    year = NumberAttribute(range_key=True)


class Song(Model):
    class Meta:
        table_name = unique_name()
        host = ENDPOINT
        region = SESSION["region_name"]
        aws_access_key_id, aws_secret_access_key = SESSION["aws_access_key_id"], SESSION["aws_secret_access_key"]
        billing_mode = "PAY_PER_REQUEST"
        tags = {"suite": "pynamodb"}

    artist = UnicodeAttribute(hash_key=True)
    title = UnicodeAttribute(range_key=True)
    genre = UnicodeAttribute(default="jazz")
    year = NumberAttribute(default=0)
    words = UnicodeSetAttribute(null=True)
    takes = ListAttribute(default=list)
    label = MapAttribute(default=dict)
    version = VersionAttribute()
    by_genre = ByGenre()


class PynamoDB(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        Song.create_table(wait=True)
        with Song.batch_write() as batch:
            for i in range(40):  # more than one BatchWriteItem takes
                batch.save(Song("batch", f"{i:02}", genre="even" if i % 2 == 0 else "odd", year=i))

    @classmethod
    def tearDownClass(cls):
        Song.delete_table()

    def test_the_table_and_its_tags(self):
        self.assertTrue(Song.exists())
        arn = Song.describe_table()["TableArn"]
        self.assertEqual(client.list_tags_of_resource(ResourceArn=arn)["Tags"], [{"Key": "suite", "Value": "pynamodb"}])

    def test_an_item(self):
        song = Song("Nina", "Sinnerman", year=1965, words={"oh", "lord"}, takes=[1, "two"], label={"name": "Philips"})
        song.save()
        found = Song.get("Nina", "Sinnerman", consistent_read=True)
        self.assertEqual((found.year, found.words, found.takes, found.label.as_dict()),
                         (1965, {"oh", "lord"}, [1, "two"], {"name": "Philips"}))
        found.update(actions=[Song.year.add(1), Song.takes.set(Song.takes.append([3]))], condition=Song.genre == "jazz")
        self.assertEqual(Song.get("Nina", "Sinnerman").takes, [1, "two", 3])
        song.year = 0
        with self.assertRaises(PutError):  # its version is behind
            song.save()
        found.delete()
        with self.assertRaises(Song.DoesNotExist):
            Song.get("Nina", "Sinnerman")

    def test_queries_and_scans(self):
        titles = [song.title for song in Song.query("batch", Song.title >= "05", filter_condition=Song.genre == "odd", page_size=7)]
        self.assertEqual(titles, [f"{i:02}" for i in range(5, 40, 2)])
        self.assertEqual([song.year for song in Song.by_genre.query("even", ByGenre.year > 30, scan_index_forward=False)],
                         [38, 36, 34, 32])
        self.assertEqual(Song.count("batch"), 40)
        self.assertEqual(len(list(Song.scan(Song.artist == "batch", page_size=9))), 40)

    def test_batches_of_reads(self):
        found = Song.batch_get([("batch", f"{i:02}") for i in range(0, 40, 3)] + [("batch", "none")])
        self.assertEqual(sorted(song.year for song in found), list(range(0, 40, 3)))


if __name__ == "__main__":
    unittest.main()
