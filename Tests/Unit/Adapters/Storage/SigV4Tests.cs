using InferMesh.Adapters.Storage.S3;

namespace InferMesh.Tests.Unit.Adapters.Storage;

/// <summary>The worked examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html and of the test suite of Signature Version 4.</summary>
[TestClass]
public sealed class SigV4Tests
{
    private static readonly S3Keys Keys = new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
    private static readonly SigV4Scope Scope = new("us-east-1", "s3", new DateTimeOffset(2013, 5, 24, 0, 0, 0, TimeSpan.Zero));

    [TestMethod]
    public void Authorize_GetObject_IsThePublishedSignature() => Assert.AreEqual(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
            + "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        SigV4.Authorize(new("GET", SigV4.Path(["test.txt"]), [], Headers(("Range", "bytes=0-9"))), Scope, Keys));

    [TestMethod]
    [DataRow("lifecycle=", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543")]
    [DataRow("prefix=J&max-keys=2", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")]
    public void Authorize_Query_IsThePublishedSignature(string query, string signature)
    {
        (string, string)[] parts = [.. query.Split('&').Select(part => part.Split('=')).Select(part => (part[0], part[1]))];
        StringAssert.EndsWith(SigV4.Authorize(new("GET", "/", parts, Headers()), Scope, Keys), ",Signature=" + signature);
    }

    [TestMethod]
    public void Authorize_PutObject_IsThePublishedSignature() => StringAssert.EndsWith(
        SigV4.Authorize(
            new(
                "PUT", SigV4.Path(["test$file.text"]), [],
                [("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"), ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
                    ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072")],
                "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
            Scope, Keys),
        ",Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");

    [TestMethod]
    public void Authorize_QueryInOtherOrder_IsTheSuitesSignature() => StringAssert.EndsWith(
        SigV4.Authorize(
            new("GET", "/", [("Param2", "value2"), ("Param1", "value1")], [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")]),
            new("us-east-1", "service", new DateTimeOffset(2015, 8, 30, 12, 36, 0, TimeSpan.Zero)),
            new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")),
        ",Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");

    private static (string Name, string Value)[] Headers(params (string Name, string Value)[] more) =>
        [("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-content-sha256", SigV4.EmptyBody), ("x-amz-date", "20130524T000000Z"), .. more];
}
