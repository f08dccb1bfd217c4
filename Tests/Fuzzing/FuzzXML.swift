import Hashing
import Secrets
import Timestamps

@testable import HTTP
@testable import ObjectStorage

/// What S3 servers answer.
extension FuzzedParser {
    static let xml = FuzzedParser(
        name: "xml",
        seeds: {
            seeds(0, listing, uploads, error, "\u{FEFF} <?xml version='1.0'?><!-- a --><a:b c='d' e=\"f\"/> <!-- g -->")
        },
        words: [
            "<Contents>", "</Contents>", "<Key>", "</Key>", "<Size>", "</Size>", "<![CDATA[", "]]>", "<!--", "-->",
            "<?", "?>", "<!DOCTYPE", "&lt;", "&#x1F511;", "&#0;", "&#55296;", "&amp;", "/>", "xmlns:a='b'", "%2F", "+",
            "9223372036854775807", "2026-01-02T03:04:05.678Z", "\u{FEFF}",
        ]
    ) { bytes in
        guard let input = Input(bytes, readers: 1), let location else { return }
        let answer = HTTPResponse(
            status: 403, headers: [:], body: input.bytes, url: location.url(key: "a"))
        let credentials = StorageCredentials(accessKeyID: "key", secretAccessKey: Secret("secret"))
        let call = S3Call("GET", "a", doing: "read")
        _ = StorageError(answer, to: call, at: location, clockOffset: 0, hiding: credentials).description
        guard let element = try? XMLElement(input.bytes) else { return }
        expect(!element.name.isEmpty, "an element has no name")
        for listed in [element] + element.children {
            _ = listed["LastModified"].flatMap(Timestamp.init(rfc3339:))
            let etag = ObjectETag(listed["ETag"] ?? "")
            if let size = ObjectSize.read(listed["Size"]) { _ = etag.mustFit(size, isOurs: true) }
            let key = PercentEncoding.decode(listed["Key"] ?? "", plusIsSpace: true)
            let encoded = PercentEncoding.encode(key, true)
            expect(PercentEncoding.decode(encoded) == key, "a key is another one after it was encoded")
        }
    }

    private static let location = try? BucketLocation(endpoint: "https://s3.example.com", bucket: "b")

    private static let listing = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><EncodingType>url</EncodingType>
        <IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>
        <Contents><Key>a%2Fb+c</Key><Size>7</Size><ETag>&quot;0123456789abcdef0123456789abcdef-3&quot;</ETag>
        <LastModified>2026-01-02T03:04:05.678Z</LastModified></Contents>
        <CommonPrefixes><Prefix>d/</Prefix></CommonPrefixes></ListBucketResult>
        """
    private static let uploads = """
        <ListMultipartUploadsResult><Upload><Key>a</Key><UploadId>u</UploadId><Initiated>2026-01-02T03:04:05Z</Initiated>
        </Upload><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>
        """
    private static let error = """
        <Error><Code>AccessDenied</Code><Message><![CDATA[a]]>&#x62;<!-- c --></Message><RequestId>r</RequestId></Error>
        """
}
