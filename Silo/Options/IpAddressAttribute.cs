using System.ComponentModel.DataAnnotations;
using System.Net;

namespace InferMesh.Silo.Options;

/// <summary>The text is an IP address that others can connect to.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class IpAddressAttribute : ValidationAttribute
{
    public override bool IsValid(object? value) =>
        IPAddress.TryParse(value as string, out var address) && !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);

    public override string FormatErrorMessage(string name) => "must be an IP address that others can connect to, such as 127.0.0.1 or 10.0.0.4";
}
