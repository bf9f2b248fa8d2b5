using System.Net.Sockets;
using InferMesh.ServiceDefaults.Hosting;
using InferMesh.ServiceDefaults.Options;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace InferMesh.Tests.Unit.ServiceDefaults.Hosting;

[TestClass]
public sealed class StartupFailureTests
{
    [TestMethod]
    public void Explain_SettingErrors_IsOneLineEachAndExitCode2()
    {
        var known = StartupFailure.Explain(new StartupException([new SettingError("A:B", "x", "must be y"), new SettingError("A:C", null, "unknown key")]));

        Assert.AreEqual(ExitCodes.BadConfiguration, known!.ExitCode);
        Assert.AreEqual($"2 settings are wrong:{Environment.NewLine}  A:B = \"x\": must be y{Environment.NewLine}  A:C: unknown key", known.Message);
    }

    [TestMethod]
    public void Explain_OptionsOfOthersAreInvalid_IsExitCode2()
    {
        var known = StartupFailure.Explain(new OptionsValidationException("", typeof(string), ["one", "two"]));

        Assert.AreEqual((ExitCodes.BadConfiguration, 2), (known!.ExitCode, known.Errors.Count));
    }

    [TestMethod]
    public void Explain_PortTakenDeepInside_IsReadable()
    {
        var known = StartupFailure.Explain(new AggregateException(
            new InvalidOperationException("x"), new IOException("port 8081", new SocketException((int)SocketError.AddressAlreadyInUse))));

        Assert.AreEqual(ExitCodes.Failed, known!.ExitCode);
        Assert.Contains("8081", known.Message);
    }

    [TestMethod]
    public void Explain_DatabaseFails_IsOneShortLine()
    {
        var known = StartupFailure.Explain(new SqliteException("disk is full\nand more", 13));

        Assert.EndsWith("disk is full", known!.Message);
    }

    [TestMethod]
    public void Explain_ABug_KeepsItsStackTrace() => Assert.IsNull(StartupFailure.Explain(new InvalidOperationException("a bug")));
}
