using InferMesh.Api.Endpoints.Jobs;

namespace InferMesh.Tests.Unit.Api.Endpoints.Jobs;

[TestClass]
public sealed class JobIdsTests
{
    [TestMethod]
    public void New_LaterIds_AreGreaterAndNeverTheSame()
    {
        var start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        string[] ids = [.. Enumerable.Range(0, 1000).Select(ms => JobIds.New(start.AddMilliseconds(ms)))];
        CollectionAssert.AreEqual(ids.Order(StringComparer.Ordinal).ToArray(), ids);
        Assert.AreNotEqual(JobIds.New(start), JobIds.New(start));
        foreach (var id in ids) StringAssert.Matches(id, new(@"\Aj-[0-9a-v]{26}\z"));
    }

    [TestMethod]
    public void Of_TenantAndKey_AreTheIdAlone()
    {
        // SHA-256 of "t\nk", the first 130 bits, five by five.
        Assert.AreEqual(Expected("t\nk"), JobIds.Of("t", "k"));
        Assert.AreNotEqual(JobIds.Of("t", "k"), JobIds.Of("t2", "k"));
        Assert.AreNotEqual(JobIds.Of("t", "k"), JobIds.Of("t", "K"));
    }

    [TestMethod]
    [DataRow("", false)]
    [DataRow("a", true)]
    [DataRow(" a~", true)]
    [DataRow("a\n", false)]
    [DataRow("\u00e4", false)]
    public void IsKey_Text_MustBePrintableAscii(string key, bool expected) => Assert.AreEqual(expected, JobIds.IsKey(key));

    [TestMethod]
    public void IsKey_Length_IsLimited()
    {
        Assert.IsTrue(JobIds.IsKey(new('x', 255)));
        Assert.IsFalse(JobIds.IsKey(new('x', 256)));
    }

    private static string Expected(string text)
    {
        var bits = string.Concat(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)).Select(b => Convert.ToString(b, 2).PadLeft(8, '0')));
        return "j-" + string.Concat(Enumerable.Range(0, 26).Select(i => "0123456789abcdefghijklmnopqrstuv"[Convert.ToInt32(bits.Substring(i * 5, 5), 2)]));
    }
}
