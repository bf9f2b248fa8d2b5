using InferMesh.ServiceDefaults.Hosting;
using InferMesh.ServiceDefaults.Tls;

namespace InferMesh.Tests.Unit.ServiceDefaults.Tls;

[TestClass]
public sealed class CertificateSourceTests
{
    [TestMethod]
    [DataRow("leaf.pem", "no certificate", "Test:CertificatePath", "no PEM certificate")]
    [DataRow("leaf-key.pem", "no key", "Test:KeyPath", "not the PEM key")]
    [DataRow("ca.pem", "", "Test:CaPath", "no PEM certificate")]
    [DataRow("revoked", "# remark\nnot hexadecimal", "Test:RevokedPath", "line 2")]
    public void Start_WithABrokenFile_NamesSettingFileAndFault(string file, string text, string setting, string says)
    {
        using var folder = new TlsFolder();
        var path = Path.Combine(Path.GetDirectoryName(folder.CaPath)!, file);
        File.WriteAllText(path, text);
        var e = Assert.ThrowsExactly<StartupException>(() => new CertificateSource("test", folder.Files, TimeProvider.System));
        Assert.AreEqual(ExitCodes.BadConfiguration, e.ExitCode);
        Assert.Contains($"{setting} = \"{path}\"", e.Message);
        Assert.Contains(says, e.Message);
    }

    [TestMethod]
    public void Start_WithTheKeyOfAnother_IsRefusedWithoutShowingIt()
    {
        using var folder = new TlsFolder();
        var other = folder.Pki.Issue(TlsFolder.Silo);
        File.WriteAllText(folder.KeyPath, other.KeyPem);
        var e = Assert.ThrowsExactly<StartupException>(() => new CertificateSource("test", folder.Files, TimeProvider.System));
        Assert.Contains("Test:KeyPath", e.Message);
        Assert.DoesNotContain("BEGIN", e.Message);
    }

    [TestMethod]
    public void Start_WithAnExpiredCertificate_SaysWhen()
    {
        using var folder = new TlsFolder();
        folder.Write(folder.Pki.Issue(TlsFolder.Silo, TimeSpan.FromMinutes(-1)));
        Assert.Contains("expired on", Assert.ThrowsExactly<StartupException>(() => new CertificateSource("test", folder.Files, TimeProvider.System)).Message);
    }

    [TestMethod]
    public void Reload_NewFiles_AreSwappedOnceAndTold()
    {
        using var folder = new TlsFolder();
        var source = new CertificateSource("test", folder.Files, TimeProvider.System);
        var told = 0;
        source.Changed += () => told++;
        Assert.IsFalse(source.Reload());
        var renewed = folder.Pki.Issue(TlsFolder.Silo);
        folder.Write(renewed);
        Assert.IsTrue(source.Reload());
        Assert.IsFalse(source.Reload());
        Assert.AreEqual((renewed.Serial, 1), (source.Current.Certificate.SerialNumber, told));
    }

    [TestMethod]
    public void Reload_HalfOfThePair_KeepsTheOldOnesUntilTheOtherHalfComes()
    {
        using var folder = new TlsFolder();
        var source = new CertificateSource("test", folder.Files, TimeProvider.System);
        var renewed = folder.Pki.Issue(TlsFolder.Silo);
        File.WriteAllText(folder.CertificatePath, renewed.CertificatePem);
        Assert.ThrowsExactly<CertificateFileException>(() => source.Reload());
        Assert.IsFalse(source.Reload(), "the same fault was told twice");
        Assert.AreEqual(folder.Leaf.Serial, source.Current.Certificate.SerialNumber);
        File.WriteAllText(folder.KeyPath, renewed.KeyPem);
        Assert.IsTrue(source.Reload());
        Assert.AreEqual(renewed.Serial, source.Current.Certificate.SerialNumber);
    }

    [TestMethod]
    public void Reload_MissingFile_IsToldOnceAndItsReturnIsSeen()
    {
        using var folder = new TlsFolder();
        var source = new CertificateSource("test", folder.Files, TimeProvider.System);
        File.Delete(folder.RevokedPath);
        Assert.ThrowsExactly<CertificateFileException>(() => source.Reload());
        Assert.IsFalse(source.Reload());
        File.WriteAllText(folder.RevokedPath, "0a:0B");
        Assert.IsTrue(source.Reload());
    }
}
