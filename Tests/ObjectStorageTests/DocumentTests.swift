import HTTP
import Hashing
import Testing

@testable import ObjectStorage

/// The XML of S3, bucket URLs, and the division of files into parts.
struct DocumentTests {
    @Test func `a listing is read`() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>\n<!-- comment -->
            <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/" a='b>c'>
              <IsTruncated>false</IsTruncated><Empty/>
              <Contents><Key>a &amp; b&#x20;&#34;c&#34;</Key><Size>3</Size></Contents>
              <s3:Contents><s3:Key><![CDATA[<d>]]></s3:Key></s3:Contents>
            </ListBucketResult>
            """
        let document = try XMLElement(Array(text.utf8))
        #expect(document.name == "ListBucketResult")
        #expect(document["IsTruncated"] == "false")
        #expect(document["Empty"] == "")
        #expect(document["None"] == nil)
        #expect(document.all("Contents").map { $0["Key"] } == ["a & b \"c\"", "<d>"])
    }

    @Test(arguments: [
        "", "text", "<a>", "<a></b>", "<a><b></a></b>", "<a/><b/>", "<a>&unknown;</a>", "<a>& </a>", "<a b></a>",
        "<a b=c/>", "<a b='<'/>", "<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "<a>&#xD800;</a>", "<a><![CDATA[x</a>",
        "<a/>x", "<>", "<a", "<a b='c",
    ])
    func `what is no document is refused`(_ text: String) {
        #expect(throws: XMLError.self) { try XMLElement(Array(text.utf8)) }
    }

    @Test func `depth is bounded and bytes must be text`() {
        let deep = String(repeating: "<a>", count: 100) + String(repeating: "</a>", count: 100)
        #expect(throws: XMLError.self) { try XMLElement(Array(deep.utf8)) }
        #expect(throws: XMLError.self) { try XMLElement([0x3C, 0x61, 0x3E, 0xFF, 0x3C, 0x2F, 0x61, 0x3E]) }
    }

    @Test(arguments: [
        ("https://acc.r2.cloudflarestorage.com", "https://acc.r2.cloudflarestorage.com/runs/a%20b"),
        ("https://acc.r2.cloudflarestorage.com/", "https://acc.r2.cloudflarestorage.com/runs/a%20b"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/runs/a%20b"),
    ])
    func `an endpoint is a service alone`(_ endpoint: String, _ url: String) throws {
        #expect(try BucketLocation(endpoint: endpoint, bucket: "runs").url(key: "a b").text == url)
    }

    @Test(arguments: [
        (
            "https://acc.r2.cloudflarestorage.com/runs", "runs",
            "cannot use the bucket 'runs' at 'https://acc.r2.cloudflarestorage.com/runs': the endpoint must be the "
                + "service alone, as https://acc.r2.cloudflarestorage.com, without '/runs'; the bucket's name goes "
                + "into R2_BUCKET_NAME"
        ),
        (
            "https://runs.acc.r2.cloudflarestorage.com", "runs",
            "cannot use the bucket 'runs' at 'https://runs.acc.r2.cloudflarestorage.com': the endpoint begins with "
                + "the bucket's name; write https://acc.r2.cloudflarestorage.com"
        ),
        (
            "acc.r2.cloudflarestorage.com", "runs",
            "cannot use the bucket 'runs' at 'acc.r2.cloudflarestorage.com': cannot use a URL: "
                + "'acc.r2.cloudflarestorage.com' has no http:// or https://"
        ),
        (
            "https://acc.r2.cloudflarestorage.com", "my/bucket",
            "cannot use the bucket 'my/bucket' at 'https://acc.r2.cloudflarestorage.com': a bucket's name has "
                + "letters, digits, dots and dashes only"
        ),
        (
            "https://acc.r2.cloudflarestorage.com", "",
            "cannot use the bucket '' at 'https://acc.r2.cloudflarestorage.com': a bucket's name has letters, "
                + "digits, dots and dashes only"
        ),
    ])
    func `a wrong endpoint gets one clear line`(_ endpoint: String, _ bucket: String, _ message: String) {
        let error = #expect(throws: StorageError.self) { try BucketLocation(endpoint: endpoint, bucket: bucket) }
        #expect(error?.description == message)
    }

    @Test(
        arguments: [
            (16_777_216, 1, 16), (16_777_217, 2, 16), (100_000_000_000, 5961, 16), (500_000_000_000, 8997, 53),
            (5_497_558_138_880, 8993, 583),
        ] as [(Int64, Int, Int64)])
    func `parts are equal, whole mebibytes and few enough`(_ size: Int64, _ count: Int, _ mebibytes: Int64) {
        let ranges = PartRanges(cutting: size, minimum: 16 << 20)
        #expect(ranges.count == count)
        #expect(ranges.partSize == mebibytes << 20)
        #expect(ranges.count <= 10_000)
        #expect(ranges.offset(ranges.count - 1) + ranges.length(ranges.count - 1) == size)
        #expect(ranges.length(ranges.count - 1) > 0)
    }

    @Test(arguments: [
        ("a b", "a%20b"), ("+", "%2B"), ("ü/🙂", "%C3%BC/%F0%9F%99%82"), ("%41", "%2541"), ("~-._", "~-._"),
    ])
    func `a key is encoded once`(_ key: String, _ encoded: String) {
        #expect(PercentEncoding.encode(key, keepingSlash: true) == encoded)
        #expect(String(decoding: PercentEncoding.decode(encoded), as: UTF8.self) == key)
    }

    // <https://developers.cloudflare.com/r2/objects/multipart-objects/#etags>
    @Test func `an ETag of parts is the MD5 of their MD5s`() {
        #expect(
            ExpectedETags.combined(["bce6bf66aeb76c7040fdd5f4eccb78e6", "8165449fc15bbf43d3b674595cbcc406"])
                == "f77dc0eecdebcd774a2a22cb393ad2ff-2")
        #expect(ExpectedETags.combined(["not an MD5"]) == nil)
    }
}
