import POSIX
import SystemPackage
import Testing

/// The pages about the three kinds of files must not differ from what the decoders accept.
struct DocumentationTests {
    @Test(arguments: Page.all) func `every example can be read`(page: Page) throws {
        let examples = try page.examples()
        #expect(!examples.isEmpty)
        for example in examples {
            do { try page.decode(example, FilePath(page.file)) } catch { Issue.record("\(error)") }
        }
    }

    @Test(arguments: Page.all) func `the tables have every key that the decoder knows, and no other`(page: Page) throws
    {
        let tables = try page.tables()
        let mappings = try page.mappings()
        #expect(!mappings.isEmpty)
        for keys in mappings {
            #expect(
                tables.contains { keys.isSubset(of: $0) }, "\(page.file): no table has all of \(keys.sorted())")
        }
        let known = mappings.reduce(into: Set<String>()) { $0.formUnion($1) }
        for table in tables {
            let others = table.subtracting(known).sorted()
            #expect(others.isEmpty, "\(page.file): no key of the decoder is \(others)")
        }
    }

    @Test func `every decoder has its page`() throws {
        for file in try FileSystem.names(in: Page.sources) where file.extension == "swift" {
            let text = try Page.text(Page.sources.appending(file))
            guard text.contains("YAMLFields(") else { continue }
            #expect(
                Page.all.contains { file.string.hasPrefix($0.decoder) },
                "\(file) decodes keys, and none of the pages is about them")
        }
    }
}
