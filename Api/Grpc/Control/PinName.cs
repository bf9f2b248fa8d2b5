using System.Security.Cryptography;
using System.Text;

namespace InferMesh.Api.Grpc.Control;

/// <summary>Name of the policy that pins a model.</summary>
internal static class PinName
{
    private const string Prefix = "pin-";
    private const int MaxLength = 128;

    /// <summary>
    /// <c>pin-</c> and the model. What a policy name may not hold becomes '-', and a hash then keeps two models apart that would
    /// otherwise share a name.
    /// </summary>
    public static string Of(string model)
    {
        var legal = string.Concat(model.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-'));
        if (legal == model && Prefix.Length + legal.Length <= MaxLength) return Prefix + legal;
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(model)).AsSpan(0, 4));
        var room = MaxLength - Prefix.Length - hash.Length - 1;
        return $"{Prefix}{(legal.Length > room ? legal[..room] : legal)}-{hash}";
    }
}
