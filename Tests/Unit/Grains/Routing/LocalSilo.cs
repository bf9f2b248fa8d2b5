using System.Net;

namespace InferMesh.Tests.Unit.Grains.Routing;

/// <summary>A silo of its own.</summary>
internal sealed class LocalSilo : ILocalSiloDetails
{
    public static readonly SiloAddress Address = SiloAddress.New(new IPEndPoint(IPAddress.Loopback, 11111), 42);

    public string Name => "silo";

    public string ClusterId => "cluster";

    public string DnsHostName => "localhost";

    public SiloAddress SiloAddress => Address;

    public SiloAddress GatewayAddress => Address;
}
