using System.ComponentModel.DataAnnotations;
using System.Net;
using InferMesh.Api.Ingress;
using InferMesh.Api.Ingress.Runtimes;

namespace InferMesh.Tests.Unit.Api.Ingress.Runtimes;

[TestClass]
public sealed class RuntimePolicyTests
{
    // Whatever the settings allow.
    private static readonly string[] Everything = ["0.0.0.0/0", "::/0", ".internal", "metadata", ".example"];

    [TestMethod]
    [DataRow("http://127.0.0.1:8000")]
    [DataRow("http://[::1]:8000/v1")]
    [DataRow("https://10.1.2.3")]
    [DataRow("http://172.31.255.254:8000")]
    [DataRow("h2c://192.168.0.7:8001")]
    [DataRow("http://100.64.0.1:8000")]
    [DataRow("http://[fd12:3456::1]:8000")]
    [DataRow("http://[::ffff:10.0.0.1]:8000")]
    [DataRow("http://gpu-1.cluster.local:8000")] // Its addresses decide.
    public void Default_PrivateAddress_IsAllowed(string endpoint) => Assert.IsNull(Policy().Refusal(endpoint));

    [TestMethod]
    [DataRow("http://8.8.8.8:8000")]
    [DataRow("http://[2001:db8::1]:8000")]
    [DataRow("http://172.32.0.1:8000")]
    [DataRow("http://[::ffff:8.8.8.8]:8000")]
    [DataRow("http://134744072:8000")] // 8.8.8.8 as one number.
    public void Default_PublicAddress_IsRefusedWithTheSetting(string endpoint) => Assert.Contains("InferMesh:Ingress:AllowedRuntimes", Policy().Refusal(endpoint)!);

    [TestMethod]
    [DataRow("http://169.254.169.254/latest/meta-data")]
    [DataRow("http://169.254.1.1:8000")]
    [DataRow("http://2852039166:8000")] // The same, as one number,
    [DataRow("http://0xa9.0xfe.0xa9.0xfe:8000")] // in hexadecimal,
    [DataRow("http://0251.0376.0251.0376:8000")] // in octal,
    [DataRow("http://[::ffff:169.254.169.254]:8000")] // as addresses of IPv6 that lead to it.
    [DataRow("http://[64:ff9b::a9fe:a9fe]:8000")]
    [DataRow("http://[2002:a9fe:a9fe::1]:8000")]
    [DataRow("http://[::a9fe:a9fe]:8000")]
    [DataRow("http://[fe80::1]:8000")]
    [DataRow("http://[fd00:ec2::254]:8000")]
    [DataRow("http://100.100.100.200:8000")]
    [DataRow("http://168.63.129.16:8000")]
    [DataRow("http://metadata.google.internal:80")]
    [DataRow("http://METADATA.google.internal.:80")]
    [DataRow("http://metadata:80")]
    [DataRow("http://0.0.0.0:8000")]
    [DataRow("http://[::]:8000")]
    [DataRow("http://224.0.0.1:8000")]
    [DataRow("http://[ff02::1]:8000")]
    [DataRow("http://255.255.255.255:8000")]
    public void NoRuntimesAddress_IsRefused_WhateverIsAllowed(string endpoint)
    {
        Assert.IsNotNull(Policy().Refusal(endpoint));
        Assert.IsNotNull(Policy(Everything).Refusal(endpoint));
    }

    [TestMethod]
    [DataRow("file:///etc/passwd")]
    [DataRow("ftp://10.0.0.1:8000")]
    [DataRow("gopher://10.0.0.1:8000")]
    [DataRow("http://user:secret@10.0.0.1:8000")]
    [DataRow("http://10.0.0.1:8000/?x=")]
    [DataRow("http://10.0.0.1:8000/#x")]
    [DataRow("//10.0.0.1:8000")]
    [DataRow("")]
    public void Endpoint_OfAnotherForm_IsRefused(string endpoint) => Assert.IsNotNull(Policy(Everything).Refusal(endpoint));

    [TestMethod]
    [DataRow(22, false)]
    [DataRow(80, true)]
    [DataRow(443, true)]
    [DataRow(1023, false)]
    [DataRow(8000, true)]
    public void Default_SystemPorts_AreRefused(int port, bool isAllowed) => Assert.AreEqual(isAllowed, Policy().Refusal($"http://10.0.0.1:{port}") is null);

    [TestMethod]
    public void Ports_OfTheSettings_AreTheOnlyOnes()
    {
        var policy = RuntimePolicy.Of(new() { RuntimePorts = "8000-8009, 9000" });
        Assert.IsTrue(new[] { 8000, 8009, 9000 }.All(port => policy.Refusal($"http://10.0.0.1:{port}") is null));
        Assert.IsTrue(new[] { 7999, 8010, 80 }.All(port => policy.Refusal($"http://10.0.0.1:{port}") is { } text && text.Contains("RuntimePorts", StringComparison.Ordinal)));
    }

    [TestMethod]
    public void Networks_Given_ReplaceTheDefault()
    {
        var policy = Policy("10.1.0.0/16", "203.0.113.7");
        Assert.IsNull(policy.Refusal("http://10.1.9.9:8000"));
        Assert.IsNull(policy.Refusal("http://203.0.113.7:8000"));
        Assert.IsNotNull(policy.Refusal("http://10.2.0.1:8000"));
        Assert.IsNotNull(policy.Refusal("http://127.0.0.1:8000"));
    }

    [TestMethod]
    public void Hosts_Given_AreAllowedByName_ButNotToMetadata()
    {
        var policy = Policy("gpu-1.example", ".gpus.example");
        Assert.IsNull(policy.Refusal("http://gpu-1.example:8000"));
        Assert.IsNull(policy.Refusal("http://a.b.GPUS.example:8000"));
        Assert.IsNotNull(policy.Refusal("http://gpu-2.example:8000"));
        Assert.IsNotNull(policy.Refusal("http://evilgpus.example:8000"));
        Assert.IsTrue(policy.Allows("gpu-1.example", IPAddress.Parse("203.0.113.7")));
        Assert.IsFalse(policy.Allows("gpu-1.example", IPAddress.Parse("169.254.169.254")));
        Assert.IsFalse(policy.Allows("gpu-2.example", IPAddress.Parse("10.0.0.1")));
    }

    [TestMethod]
    public void Settings_Wrong_AreNamedOneByOne()
    {
        var settings = new IngressSettings { AllowedRuntimes = ["10.0.0.0/8", "10.0.0.0/99", "not a host"], RuntimePorts = "80,x,9-1" };
        var found = settings.Validate(new ValidationContext(settings)).Select(r => (r.MemberNames.Single(), r.ErrorMessage!.Split('"')[1])).ToArray();
        CollectionAssert.AreEqual(new[] { ("AllowedRuntimes", "10.0.0.0/99"), ("AllowedRuntimes", "not a host"), ("RuntimePorts", "x"), ("RuntimePorts", "9-1") }, found);
    }

    private static RuntimePolicy Policy(params string[] allowed) => RuntimePolicy.Of(new() { AllowedRuntimes = allowed });
}
