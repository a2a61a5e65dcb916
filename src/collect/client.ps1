# section: client-program
Save 'client.txt' { (Get-Item "$env:windir\System32\mstsc.exe").VersionInfo | Format-List -Property @('FileName', 'ProductVersion', 'FileVersion') }
Export-Key 'HKCU\Software\Microsoft\Terminal Server Client' 'terminal-server-client.reg'

# section: rdp-files
# Without the line that holds a saved password.
Get-ChildItem -Path @("$env:USERPROFILE\Desktop\*.rdp", "$env:USERPROFILE\Documents\*.rdp") -Force -ErrorAction SilentlyContinue |
    ForEach-Object {
        Get-Content -LiteralPath $_.FullName | Where-Object { $_ -notmatch '^password 51:' } |
            Out-File -FilePath (Join-Path $side $_.Name) -Encoding utf8
    }

# section: reach
Save 'netstat.txt' { netstat.exe -ano }
if ($Peer) {
    Save 'resolve.txt' { Resolve-DnsName -Name $Peer }
    Save 'test-netconnection.txt' { Test-NetConnection -ComputerName $Peer -Port $Port }
}
