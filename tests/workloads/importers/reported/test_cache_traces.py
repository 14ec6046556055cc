"""Published cache and block traces as their READMEs and reports have them."""

import gzip
import lzma

import numpy as np
import pyarrow as pa
import pytest
from reported import COUNT, KEYS, check_requests, lines, table

from perflab.errors import BadInputError
from perflab.operations import Operation
from perflab.workloads import read_trace

TICKS = 128166372003061629


def test_cachelib_repeats_rows(write):
    """ben-manes/caffeine#1967 and facebook/CacheLib#306"""
    counts = [i % 3 + 1 for i in range(COUNT)]
    rows = table(
        "key,op,size,op_count,key_size", lambda i: (1668757755 + KEYS[i], "GET", 82, counts[i], 40)
    )
    right = [key for key, count in zip(KEYS, counts, strict=True) for _ in range(count)]
    check_requests(read_trace(write("kvcache.csv", rows)), keys=right, moments=None)


def test_cdn_columns_in_camel_case_are_found(write):
    """facebook/CacheLib#301"""
    heading = "timestamp,cacheKey,OpType,objectSize,responseSize,TTL,SamplingRate"
    rows = table(heading, lambda i: (3 * i, 833946053 + KEYS[i], 1, 100, 90, 3600, 1))
    trace = read_trace(write("reag0c01.csv", rows))
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    assert trace.ttls.tolist() == [3600] * COUNT
    assert trace.sizes.tolist() == [90] * COUNT


TWITTER = {
    "facebook/CacheLib#55": lambda i: f"{3 * i},k{KEYS[i]},4,96,7,get,0",
    "twitter/cache-trace, keys with commas": lambda i: f"{3 * i},k,{KEYS[i]},4,96,7,get,0",
    "twitter/cache-trace, anonymized": lambda i: f"{3 * i},nz:u:eeW{KEYS[i]},4,96,q:c:1,gets,0",
}


@pytest.mark.parametrize("source", TWITTER)
def test_twitter_rows_are_requests(source, write):
    trace = read_trace(write("cluster52", lines(TWITTER[source])))
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    assert trace.sizes.tolist() == [100] * COUNT
    assert trace.ttls is None


@pytest.mark.parametrize(
    "heading", ["", "Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime\n"]
)
def test_pages_of_two_disks_stay_apart(heading, write):
    """SNIA IOTTA, MSR Cambridge"""
    rows = lines(lambda i: f"{TICKS + 3 * i * 10**7},hm,{i % 2},Read,{4096 * KEYS[i]},4096,500")
    trace = read_trace(write("hm.csv", heading + rows))
    check_requests(
        trace, keys=[(i % 2, KEYS[i]) for i in range(COUNT)], moments=[3 * i for i in range(COUNT)]
    )


@pytest.mark.parametrize(
    "heading",
    [
        "time,object,size,next_access_vtime",
        "# time, obj_id, obj_size, next",
        "Time,ObjID,ObjSize,x",
    ],
)
def test_spellings_of_libcachesim_are_known(heading, write):
    """1a1a11a/libCacheSim#32 and its documents"""
    trace = read_trace(write("t.csv", table(heading, lambda i: (3 * i, KEYS[i], 100, i + 1))))
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    assert trace.sizes.tolist() == [100] * COUNT


def msr(i, kind="Read", offset=None, size=4096, response="500", at=None):
    start = TICKS + 3 * (i if at is None else at) * 10**7
    return f"{start},hm,1,{kind},{4096 * KEYS[i] if offset is None else offset},{size},{response}"


MSR = {
    "SNIA IOTTA 388, unpacked on Windows": lambda i: f"{msr(i)}\r",
    "SNIA IOTTA 388, rewritten by a data frame": lambda i: msr(i, response="500.0"),
    "copies with blanks behind the commas": lambda i: msr(i).replace(",", ", "),
    "copies in lower case": lambda i: msr(i, "read" if i % 2 else "write"),
    "copies whose clock was set back during a request": lambda i: msr(i, response="-12345"),
}


@pytest.mark.parametrize("source", MSR)
def test_pages_of_a_disk_are_requests_however_written(source, write):
    trace = read_trace(write("hm_1.csv", lines(MSR[source])))
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    assert not any("skipped" in note for note in trace.notes)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_each_page_that_a_request_touches_is_one(pack, write):
    """1a1a11a/libCacheSim#99: "disks are split into 4k blocks", which requests are not"""
    rows = lines(lambda i: msr(i, offset=4096 * KEYS[i] + 512, size=8192))
    trace = read_trace(write("hm_1.csv.gz", pack(rows.encode())))
    pages = [key + more for key in KEYS for more in range(3)]
    check_requests(trace, keys=pages, moments=[3 * i for i in range(COUNT) for _ in range(3)])


def test_requests_that_came_before_the_line_above_are_sorted(write):
    """Narayanan et al., FAST 2008: a line is written when its request has ended"""
    trace = read_trace(write("hm_1.csv", lines(lambda i: msr(i, at=i ^ 1))))
    right = [KEYS[i ^ 1] for i in range(COUNT)]
    check_requests(trace, keys=right, moments=[3 * i for i in range(COUNT)])
    assert any("sorted by time" in note for note in trace.notes)


@pytest.mark.parametrize(
    "heading",
    [
        "timestamp,anonymized key,key size,value size,client id,operation,TTL",
        "# time,key,key_size,value_size,client,op,ttl",
    ],
)
def test_a_heading_above_twitter_rows_is_no_request(heading, write):
    """twitter/cache-trace: the names that its README gives the columns"""
    rows = lines(lambda i: f"{3 * i},k{KEYS[i]},4,96,7,get,0")
    trace = read_trace(write("cluster52.csv", f"{heading}\n{rows}"))
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    assert trace.notes == ()


def test_ttls_and_sizes_of_twitter_are_those_of_writes(write):
    """twitter/cache-trace: a TTL "is 0 when the request is not a write request", says it"""
    operations = ["set", "get", "gets", "set", "cas", "delete"]
    rows = []
    for i in range(COUNT):
        name = operations[i % 6]
        is_write = name in ("set", "cas")
        size, ttl = (96, 7200) if is_write else (0, 0)
        rows.append(f"{3 * i},k{KEYS[i]},4,{size},7,{name},{ttl}\n")
    trace = read_trace(write("cluster", "".join(rows)))
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    codes = [Operation.SET, Operation.GET, Operation.GET, Operation.SET, Operation.SET]
    assert trace.operations.tolist() == [*codes, Operation.DELETE] * (COUNT // 6)
    writes = np.isin(np.arange(COUNT) % 6, (0, 3, 4))
    assert set(trace.ttls[writes]) == {7200}


def test_twitter_rows_as_they_are_published(write):
    """twitter/cache-trace: compressed with zstd, with clients that are not named"""
    rows = lines(lambda i: f"{3 * i},nz:u:{KEYS[i]},40,96,{'' if i % 2 else 'q1'},get,0")
    packed = pa.compress(rows.encode(), "zstd", asbytes=True)
    trace = read_trace(write("cluster52.sort.zst", packed))
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    assert trace.sizes.tolist() == [136] * COUNT


def test_sectors_and_scsi_commands_of_libcachesims_sample_are_read(write):
    """1a1a11a/libCacheSim#38: the columns of its data/trace.csv"""
    rows = table(
        "version,time,op,size,lbn",
        lambda i: (1, 33898 + 3 * i, "2a" if i % 3 == 0 else "28", 512, 42932745 + KEYS[i]),
    )
    trace = read_trace(write("trace.csv", rows))
    check_requests(trace, moments=[33898 + 3 * i for i in range(COUNT)])
    assert trace.sizes.tolist() == [512] * COUNT
    write_code, read_code = Operation.WRITE, Operation.GET
    assert trace.operations.tolist() == [write_code, read_code, read_code] * (COUNT // 3)


def test_hashes_of_64_bit_stay_apart(write):
    """1a1a11a/libCacheSim#38: an object "is a hash of object id", of 64 bits"""
    rows = table(
        "# time, object, size, next_access_vtime",
        lambda i: (3 * i, 13053225291711363978 + KEYS[i], 737, i + 1),
        ", ",
    )
    trace = read_trace(write("twitter_cluster52.csv", rows))
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    assert trace.sizes.tolist() == [737] * COUNT


IBM = "# timestamp (ms), op type [Put:0, Get:1, Delete:2, Head: 3, Copy: 4], object id, size (byte)"


def test_a_heading_with_commas_in_brackets_is_refused_and_read_by_number(write):
    """1a1a11a/libCacheSim#32: IBM's object store"""
    rows = lines(lambda i: f"{3000 * i},1,{'ABCDEFGHIJK'[KEYS[i]]},{1000 + KEYS[i]}")
    path = write("IBMObjectStoreTrace018Part0.csv", f"{IBM}\n{rows}")
    with pytest.raises(BadInputError, match="as many columns as the rows have fields"):
        read_trace(path)
    columns = {"time": "1", "key": "3", "size": "4"}
    trace = read_trace(path, columns=columns, no_header=True, time_unit="ms")
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    assert trace.sizes.tolist() == [1000 + key for key in KEYS]


def test_an_object_stores_log_parted_by_blanks_is_refused_with_the_way_to_read_it(write):
    """SNIA IOTTA 36305, IBM Object Store: time, operation, object, size, start, end"""
    words = ["GET", "GET", "PUT", "HEAD", "COPY", "DELETE"]
    rows = lines(
        lambda i: f"{3000 * i} REST.{words[i % 6]}.OBJECT {KEYS[i]:016x} 1056 0 {1055 + i}"
    )
    path = write("IBMObjectStoreTrace000Part0", rows)
    with pytest.raises(BadInputError, match="--separator blank --no-header --columns key=N"):
        read_trace(path)
    columns = {"time": "1", "op": "2", "key": "3", "size": "4"}
    form = {"no_header": True, "separator": "blank", "time_unit": "ms"}
    trace = read_trace(path, columns=columns, **form)
    check_requests(trace, moments=[3 * i for i in range(COUNT)])
    read, written, removed = Operation.GET, Operation.WRITE, Operation.DELETE
    expected = [read, read, written, read, written, removed]
    assert trace.operations.tolist() == expected * (COUNT // 6)
